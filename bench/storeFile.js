const Database = require('better-sqlite3');
const { join } = require('node:path');
const { deadline, sleep } = require('./time');

const FAN_OUT_LIMIT = 900_000;

/** The file of a server's event store. */
function storeFile({ data }) {
  return join(data, '.events/events.sqlite');
}

/** Looks into the event store of a running server, to see from outside when a fan-out is complete. */
class StoreWatcher {
  constructor(server) {
    this.db = new Database(storeFile(server), { readonly: true });
    this.db.pragma('busy_timeout = 5000');
    this.waiting = this.db.prepare('SELECT 1 FROM forwards LIMIT 1');
    this.inbox = this.db.prepare(
      'SELECT COUNT(*) AS copies FROM entries WHERE container = (SELECT id FROM containers WHERE url = ?)',
    );
    this.all = this.db.prepare('SELECT COUNT(*) AS copies FROM entries');
  }

  /** Waits until nothing is left to forward. */
  async untilIdle() {
    const withTimeout = deadline(FAN_OUT_LIMIT, 'The fan-out was not complete');
    while (withTimeout() && this.waiting.get()) {
      await sleep(1);
    }
  }

  copies() {
    return this.all.get().copies;
  }

  copiesIn(inbox) {
    return this.inbox.get(inbox).copies;
  }

  close() {
    this.db.close();
  }
}

module.exports = { StoreWatcher, storeFile };
