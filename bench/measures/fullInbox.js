const { logIn, podOf } = require('../accounts');
const { fillContainer } = require('../files');
const { grouped } = require('../format');
const { atMost } = require('../goals');
const { logInBoth, posterOf, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { fillInbox } = require('../subscribers');
const { timed } = require('../time');

const WARM_UPS = 5;
const BLOCK = 10;

/** How long it takes until an event is copied to an empty and to a full inbox. */
async function fullInbox(sizes) {
  const fill = (server) => fillInbox(server, podOf(server, 'user').inbox, sizes.fullInbox);
  const servers = [
    () => startServer('events', [ 'producer', 'user' ]),
    () => startServer('events', [ 'producer', 'user' ], { fill }),
    () => startServer('plain', [ 'producer' ]),
  ];
  return withServers(servers, async(emptied, filled, plain) => {
    const [ ofEmpty, ofFull ] = await inTurn([ await copying(emptied), await copying(filled) ], sizes.oneMore);
    const sides = await posting(plain, sizes.fullContainer);
    const [ ofEmptyContainer, ofFullContainer ] = await inTurn(sides, sizes.oneMore);
    return [
      {
        measure: `ms until one more copy is in an inbox of ${grouped(sizes.fullInbox)}`,
        ours: ofFull,
        beside: ofEmpty,
        besideName: 'in an empty inbox',
        goal: atMost(1.3),
      },
      {
        measure: `for comparison: plain CSS, one more POST to a container of ${grouped(sizes.fullContainer)}`,
        ours: ofFullContainer,
        beside: ofEmptyContainer,
        besideName: 'to an empty container',
      },
    ];
  });
}

/** Runs two sides in turn, and returns the median time of each. */
async function inTurn(sides, count) {
  const times = sides.map(() => []);
  for (const side of sides) {
    await repeat(WARM_UPS, side);
  }
  for (let sent = 0; sent < count; sent += BLOCK) {
    for (const [ index, side ] of sides.entries()) {
      await repeat(BLOCK, async() => times[index].push(await timed(side)));
    }
  }
  return times.map(median);
}

async function repeat(count, work) {
  for (let done = 0; done < count; done += 1) {
    await work();
  }
}

/** Publishes an event and waits until its copy is in the inbox of the user. */
async function copying(server) {
  const publish = publisherOf(await logInBoth(server));
  const watcher = new StoreWatcher(server);
  return async() => {
    await publish();
    await watcher.untilIdle();
  };
}

async function posting(server, count) {
  const producer = await logIn(server, 'producer');
  const post = posterOf(producer, producer.webId);
  const containers = [ `${producer.pod}empty/`, `${producer.pod}full/` ];
  await fillContainer(server, producer, containers[0], 0);
  await fillContainer(server, producer, containers[1], count);
  return containers.map((container) => () => post(container));
}

module.exports = { fullInbox };
