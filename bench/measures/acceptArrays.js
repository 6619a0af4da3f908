const { bareEvents } = require('../bare');
const { grouped } = require('../format');
const { atLeast } = require('../goals');
const { inParallel } = require('../http');
const { logInBoth, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { timed } = require('../time');

const CONNECTIONS = 8;
const ARRAY = 100;

/** How many events are accepted in a second in arrays, and how many are then forwarded. */
async function acceptArrays({ rounds, arrayEvents }) {
  return withServers([ () => startServer('events', [ 'producer', 'user' ]) ], async(server) => {
    const publish = publisherOf(await logInBoth(server));
    const watcher = new StoreWatcher(server);
    const bare = await bareEvents(arrayEvents, ARRAY);
    const rates = { bare: [], accepted: [], forwarded: []};
    for (let round = 0; round <= rounds; round += 1) {
      rates.bare.push(await bare.write());
      const accepting = await timed(() => publishAll(publish, arrayEvents / ARRAY));
      const rest = await timed(() => watcher.untilIdle());
      rates.accepted.push(arrayEvents / accepting * 1_000);
      rates.forwarded.push(arrayEvents / (accepting + rest) * 1_000);
    }
    watcher.close();
    bare.close();
    // Code is compiled and keys are fetched in the first round.
    const [ alone, accepted, forwarded ] = Object.values(rates).map((all) => median(all.slice(1)));
    const besideName = 'better-sqlite3 alone, 100 per commit';
    return [
      {
        measure: `events/s in arrays of ${ARRAY}, 8 connections`,
        ours: accepted,
        beside: alone,
        besideName,
        goal: atLeast(1 / 3),
      },
      {
        measure: `the same, until all ${grouped(arrayEvents)} are in the inbox of the recipient`,
        ours: forwarded,
        beside: alone,
        besideName,
      },
    ];
  });
}

async function publishAll(publish, requests) {
  let sent = 0;
  await inParallel(CONNECTIONS, () => {
    sent += 1;
    return sent <= requests ? publish(ARRAY) : undefined;
  });
}

module.exports = { acceptArrays };
