const { grant } = require('../accounts');
const { bareCopies } = require('../bare');
const { grouped } = require('../format');
const { atLeast } = require('../goals');
const { inParallel, sendOk } = require('../http');
const { logInBoth, posterOf, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { subscribe } = require('../subscribers');
const { timed } = require('../time');

const WARM_UPS = 4;
const CONNECTIONS = 8;
// The subscriptions of one transaction of the fan-out, see ForwarderOptions.
const CHUNK = 1_000;

/** How many copies a second one publish makes, from sending it until the last copy is stored. */
async function fanOut(sizes) {
  const fill = (server) => subscribe(server, sizes.inboxes, sizes.agents);
  return withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
    const agents = await logInBoth(server);
    const { ours, bare, cold } = await publishBesideBare(server, agents, sizes);
    const ldp = await postToEach(agents, sizes);
    return [
      {
        measure: `copies/s, one publish to ${grouped(sizes.inboxes)} inboxes`,
        ours,
        beside: ldp,
        besideName: `LDP POSTs to ${sizes.ldpInboxes} inboxes, 8 at a time`,
        goal: atLeast(2_000),
      },
      {
        measure: 'the same',
        ours,
        beside: bare,
        besideName: 'better-sqlite3 alone, a loop of inserts',
        goal: atLeast(0.5),
      },
      {
        measure: `the same, when access is not known yet, of ${grouped(sizes.agents)} agents`,
        ours: cold,
        beside: ldp,
        besideName: 'LDP POSTs, as above',
      },
    ];
  });
}

/** Publishes to all, and has better-sqlite3 write as many rows, in turn. */
async function publishBesideBare(server, agents, { inboxes, publishes }) {
  const publish = publisherOf(agents);
  const watcher = new StoreWatcher(server);
  const bare = await bareCopies(inboxes, CHUNK);
  const result = { ours: [], bare: []};
  try {
    for (let round = 0; round < WARM_UPS + publishes; round += 1) {
      const took = await timed(async() => {
        await publish();
        await watcher.untilIdle();
      });
      result.ours.push(inboxes / took * 1_000);
      result.bare.push(bare.copy());
    }
    assertCopies(watcher, (WARM_UPS + publishes) * (inboxes + 2));
  } finally {
    watcher.close();
    bare.close();
  }
  const warm = (values) => median(values.slice(WARM_UPS));
  return { ours: warm(result.ours), bare: warm(result.bare), cold: result.ours[0] };
}

function assertCopies(watcher, expected) {
  if (watcher.copies() !== expected) {
    throw new Error(`The store holds ${watcher.copies()} entries, and ${expected} were published and copied`);
  }
}

/** How many copies a second a producer makes that posts to each inbox itself. */
async function postToEach({ producer, user }, { ldpInboxes, rounds }) {
  const post = posterOf(producer, user.webId);
  const inboxes = Array.from({ length: ldpInboxes }, (_, index) => `${user.pod}people/${index}/inbox/`);
  await eachOf(inboxes, async(inbox) => {
    await sendOk(inbox, { method: 'PUT', headers: { ...user.headers, 'content-type': 'text/turtle' }, body: '' });
    await grant(user, inbox, 'Append');
  });
  const rates = [];
  for (let round = 0; round < rounds; round += 1) {
    rates.push(ldpInboxes / await timed(() => eachOf(inboxes, post)) * 1_000);
  }
  return median(rates);
}

async function eachOf(items, work) {
  let next = 0;
  await inParallel(CONNECTIONS, () => {
    if (next < items.length) {
      next += 1;
      return work(items[next - 1]);
    }
  });
}

module.exports = { fanOut };
