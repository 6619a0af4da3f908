// The fan-out inside a store of this process, with the check of who may receive, and without it.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { SqliteEventStore, SqliteSession } = require('../dist');
const { podOf } = require('./accounts');
const { makeEvents, subscribeIn } = require('./subscribers');
const { timed } = require('./time');

const SERVER = { baseUrl: 'http://localhost/' };
// The subscriptions of one transaction of the fan-out, see ForwarderOptions.
const CHUNK = 1_000;

/** A session whose statements are the same but for the check. */
class UncheckedSession extends SqliteSession {
  run(sql, ...parameters) {
    if (!sql.includes('CROSS JOIN temp.readers')) {
      return super.run(sql, ...parameters);
    }
    const unchecked = sql.replace('CROSS JOIN temp.readers r', '')
      .replace('AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1', '');
    return super.run(unchecked, ...parameters.slice(0, -1));
  }
}

/** Opens a store with subscriptions, each of an agent of its own who may receive. */
async function openStore(Session, inboxes) {
  const folder = mkdtempSync(join(tmpdir(), 'pod-events-bench-'));
  const store = new SqliteEventStore(new Session(folder));
  await store.open();
  await subscribeIn(store, SERVER, inboxes, inboxes);
  const { pod } = podOf(SERVER, 'user');
  const scope = await store.openScope(pod);
  await store.learn(scope, new Map(Array.from({ length: inboxes }, (_, index) =>
    [ podOf(SERVER, `people/${index}`).webId, true ])));

  /** Accepts one event and copies it to all; returns how long that took, in milliseconds. */
  const publish = async() => {
    const [ event ] = await makeEvents(SERVER, 1);
    return timed(async() => {
      await store.accept([{ event, forwards: [{ pod }]}]);
      const [ forward ] = await store.pendingForwards(1);
      for (let outcome = 'more'; outcome !== 'done';) {
        ({ outcome } = await store.fanOutStep(forward, scope, CHUNK));
        if (outcome !== 'done' && outcome !== 'more') {
          throw new Error(`The fan-out stopped: ${outcome}`);
        }
      }
    });
  };
  const close = async() => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { publish, close };
}

module.exports = { SqliteSession, UncheckedSession, openStore };
