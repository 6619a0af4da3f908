// Fills the store of a server.
const { randomBytes } = require('node:crypto');
const Database = require('better-sqlite3');
const { v7 } = require('uuid');
const { ContextLoader, SqliteEventStore, SqliteSession } = require('../dist');
const { createEvent } = require('../dist/event/EventDocument');
const { podOf } = require('./accounts');
const { TOPIC, draftFor } = require('./publishing');
const { storeFile } = require('./storeFile');

const BATCH = 1_000;

async function withStore({ data }, work) {
  const store = new SqliteEventStore(new SqliteSession(data));
  await store.open();
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** Calls some asynchronous work for each number below a count, many at once, for these share a commit. */
async function inBatches(count, work) {
  for (let from = 0; from < count; from += BATCH) {
    await Promise.all(Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => work(from + index)));
  }
}

/**
 * Has inboxes follow the topic of the benchmark in the user's pod.
 *
 * @param inboxes - How many inboxes.
 * @param agents - How many agents these belong to, in turn.
 */
async function subscribe(server, inboxes, agents) {
  await withStore(server, (store) => subscribeIn(store, server, inboxes, agents));
}

/**
 * Has targets elsewhere follow the topic of the benchmark, each of an agent of its own.
 *
 * @param targets - How many.
 * @param targetOf - Gives the kind, URL and host of the target with a number.
 */
async function subscribeElsewhere(server, targets, targetOf) {
  const { pod } = podOf(server, 'user');
  await withStore(server, (store) => inBatches(targets, (index) => {
    const { kind, url, host } = targetOf(index);
    const secret = kind === 'webhook' ? { secret: `whsec_${randomBytes(32).toString('base64')}` } : {};
    const subscription = {
      id: v7(),
      pod,
      pattern: TOPIC.split('#')[0],
      agent: podOf(server, `people/${index}`).webId,
      kind,
      url,
      created: Date.now(),
    };
    return store.addSubscription(subscription, undefined, undefined, { kind, host, isContainer: kind === 'inbox', ...secret });
  }));
}

/** Has as many inboxes, each of an agent of its own, follow each of many topics in the user's pod. */
async function subscribeToAll(server, topics, inboxes) {
  await withStore(server, async(store) => {
    for (const topic of topics) {
      await subscribeIn(store, server, inboxes, inboxes, topic);
    }
  });
}

/** The same in a store that is open. */
async function subscribeIn(store, server, inboxes, agents, pattern = TOPIC.split('#')[0]) {
  const { pod } = podOf(server, 'user');
  await inBatches(inboxes, (index) => store.addSubscription({
    id: v7(),
    pod,
    pattern,
    agent: podOf(server, `people/${index % agents}`).webId,
    url: podOf(server, `people/${index}`).inbox,
    created: Date.now(),
  }));
}

/** Makes events as a publish does, without storing them. */
async function makeEvents(server, count) {
  const producer = podOf(server, 'producer');
  const contexts = new ContextLoader();
  const draft = draftFor(podOf(server, 'user').webId);
  return Promise.all(Array.from({ length: count }, () => createEvent(draft, producer.pod, producer.webId, contexts)));
}

/** Puts copies of as many events into the inbox of a pod, which the server has made. */
async function fillInbox(server, inbox, count) {
  await publishBefore(server, count);
  write(server, (db) => {
    db.prepare('INSERT OR IGNORE INTO containers (url) VALUES (?)').run(inbox);
    fill(db, 'SELECT id FROM containers WHERE url = ?', inbox);
  });
}

/** Puts copies of as many events into all inboxes that follow. */
async function fillInboxes(server, count) {
  await publishBefore(server, count);
  write(server, (db) => fill(db, 'SELECT DISTINCT inbox FROM subscriptions'));
}

/** Stores as many events that nobody gets. */
async function publishBefore(server, count) {
  await withStore(server, async(store) => {
    for (let from = 0; from < count; from += BATCH) {
      const events = await makeEvents(server, Math.min(BATCH, count - from));
      await store.accept(events.map((event) => ({ event, forwards: []})));
    }
  });
}

function write(server, work) {
  const db = new Database(storeFile(server));
  try {
    work(db);
    db.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

/** Puts all events into the containers that a query finds. */
function fill(db, containers, ...parameters) {
  db.prepare(`INSERT INTO entries (container, event) SELECT c.*, e.id FROM (${containers} ORDER BY 1) c CROSS JOIN events e`)
    .run(...parameters);
  db.prepare(`UPDATE containers SET modified = ? WHERE id IN (${containers})`).run(Date.now(), ...parameters);
}

module.exports = { fillInbox, fillInboxes, makeEvents, subscribe, subscribeIn, subscribeElsewhere, subscribeToAll };
