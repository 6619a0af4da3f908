// What better-sqlite3 alone does with the same rows: the most that a store on it could reach.
const Database = require('better-sqlite3');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { parse } = require('uuid');
const { SqliteEventStore, SqliteSession } = require('../dist');
const { storeFile } = require('./storeFile');
const { makeEvents } = require('./subscribers');

/** Opens an empty store of the plugin's schema, with the plugin's settings, beside the plugin. */
async function openBare() {
  const folder = mkdtempSync(join(tmpdir(), 'pod-events-bench-'));
  const store = new SqliteEventStore(new SqliteSession(folder));
  await store.open();
  await store.close();
  const db = new Database(storeFile({ data: folder }));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('cache_size = -32000');
  db.pragma('temp_store = MEMORY');
  const close = () => {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { db, close };
}

/**
 * A loop that puts one event after the other into inboxes, in key order, and returns the rows per second of each.
 *
 * @param inboxes - How many inboxes.
 * @param perCommit - Rows in one transaction.
 */
async function bareCopies(inboxes, perCommit) {
  const { db, close } = await openBare();
  const insert = db.prepare('INSERT INTO entries (container, event) VALUES (?, ?)');
  const chunk = db.transaction((from, event) => {
    for (let inbox = from; inbox < Math.min(from + perCommit, inboxes + 1); inbox += 1) {
      insert.run(inbox, event);
    }
  });
  let event = 0;
  const copy = () => {
    const start = performance.now();
    event += 1;
    for (let from = 1; from <= inboxes; from += perCommit) {
      chunk(from, event);
    }
    return inboxes / (performance.now() - start) * 1_000;
  };
  return { copy, close };
}

const KEYS = `
  INSERT INTO pods (id, url) VALUES (1, 'http://localhost/producer/'), (2, 'http://localhost/user/');
  INSERT INTO agents (id, webid) VALUES (1, 'http://localhost/producer/profile/card#me');
  INSERT INTO containers (id, url) VALUES (1, 'http://localhost/producer/publish/'), (2, 'http://localhost/user/inbox/');
  INSERT INTO contexts (id, text) VALUES (1, '{}');
`;

/**
 * A loop that writes the rows of accepted events, and returns the events per second of each round.
 *
 * @param count - Events in a round.
 * @param perCommit - Events in one transaction.
 */
async function bareEvents(count, perCommit) {
  const { db, close } = await openBare();
  const chunk = writerOf(db);
  const write = async() => {
    const events = await makeEvents({ baseUrl: 'http://localhost/' }, count);
    const start = performance.now();
    for (let from = 0; from < count; from += perCommit) {
      chunk(events.slice(from, from + perCommit));
    }
    return count / (performance.now() - start) * 1_000;
  };
  return { write, close };
}

/** A function that writes the rows of some events in one transaction. */
function writerOf(db) {
  db.exec(KEYS);
  const insertEvent = db.prepare(`
    INSERT INTO events (uuid, pod, topic, publisher, published, context, members, bytes) VALUES (?, 1, ?, 1, ?, 1, ?, ?)
  `);
  const insertEntry = db.prepare('INSERT INTO entries (container, event) VALUES (1, ?)');
  const insertForward = db.prepare('INSERT INTO forwards (pod, event, inbox) VALUES (2, ?, 2)');
  return db.transaction((events) => {
    for (const { id, topic, published, members } of events) {
      const { lastInsertRowid } = insertEvent.run(parse(id), topic, published, members, members.length);
      insertEntry.run(lastInsertRowid);
      insertForward.run(lastInsertRowid);
    }
  });
}

module.exports = { bareCopies, bareEvents, openBare, writerOf };
