const { atLeast } = require('../goals');
const { requestsPerSecond } = require('../http');
const { logIn } = require('../accounts');
const { logInBoth, makeContainer, posterOf, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');

const CONNECTIONS = 8;
const WARM_UP = 1_000;

const startEvents = () => startServer('events', [ 'producer', 'user' ]);
const startPlain = () => startServer('plain', [ 'producer', 'user' ]);

/** How many publishes of one event are accepted in a second. */
async function accept(sizes) {
  return withServers([ startEvents, startPlain ], async(events, plain) => {
    const publish = publisherOf(await logInBoth(events));
    const producer = await logIn(plain, 'producer');
    const post = posterOf(producer, producer.webId);
    const watcher = new StoreWatcher(events);
    const rates = { ours: [], beside: []};
    await requestsPerSecond(WARM_UP, CONNECTIONS, () => publish());
    for (let round = 0; round <= sizes.rounds; round += 1) {
      await watcher.untilIdle();
      rates.ours.push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, () => publish()));
      const container = await makeContainer(producer, round);
      rates.beside.push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, () => post(container)));
    }
    watcher.close();
    return [{
      measure: 'publishes/s, one event each, 8 connections',
      ours: afterFirst(rates.ours),
      beside: afterFirst(rates.beside),
      besideName: 'plain CSS, POST to an empty container',
      goal: atLeast(3),
    }];
  });
}

/** The median without the first round, in which code is compiled and keys are fetched. */
function afterFirst(rates) {
  return median(rates.slice(1));
}

module.exports = { accept };
