const { grantEach, logIn, podOf } = require('../accounts');
const { grouped } = require('../format');
const { atMost, noMoreThan } = require('../goals');
const { openStore, SqliteSession, UncheckedSession } = require('../inProcess');
const { publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { subscribe } = require('../subscribers');
const { timed } = require('../time');

const WARM_UPS = 4;

/** What it costs to check who may receive, where each subscriber is an agent named in the ACL. */
async function checks(sizes) {
  return [ ...await whileAccessStands(sizes), ...await afterChange(sizes) ];
}

async function whileAccessStands({ inboxes, publishes }) {
  const checked = await openStore(SqliteSession, inboxes);
  const unchecked = await openStore(UncheckedSession, inboxes);
  const times = { checked: [], unchecked: []};
  for (let count = 0; count < WARM_UPS + publishes; count += 1) {
    times.checked.push(await checked.publish());
    times.unchecked.push(await unchecked.publish());
  }
  await checked.close();
  await unchecked.close();
  return [{
    measure: `ms to accept an event and copy it to ${grouped(inboxes)} agents, while access stands`,
    ours: median(times.checked.slice(WARM_UPS)),
    beside: median(times.unchecked.slice(WARM_UPS)),
    besideName: 'the same statements without the check',
    goal: atMost(1.3),
  }];
}

async function afterChange({ inboxes, rounds }) {
  const fill = (server) => subscribe(server, inboxes, inboxes);
  return withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
    const agents = { producer: await logIn(server, 'producer'), user: await logIn(server, 'user') };
    const webIds = Array.from({ length: inboxes }, (_, index) => podOf(server, `people/${index}`).webId);
    const publish = publisherOf(agents);
    const watcher = new StoreWatcher(server);
    const times = { first: [], next: []};
    for (let count = 0; count <= rounds; count += 1) {
      await grantEach(agents.user, `${agents.user.pod}topics/bench/`, webIds, 'Read');
      for (const name of [ 'first', 'next' ]) {
        times[name].push(await timed(async() => {
          await publish();
          await watcher.untilIdle();
        }));
      }
    }
    const copies = watcher.copies();
    watcher.close();
    // Each event is also in the container of its pod, and in the inbox of its recipient.
    const expected = 2 * (rounds + 1) * (inboxes + 2);
    if (copies !== expected) {
      throw new Error(`The store holds ${copies} entries, and ${expected} were published and copied`);
    }
    return [{
      measure: `ms of the first publish to ${grouped(inboxes)} agents named in the ACL, after a change of it`,
      ours: median(times.first.slice(1)),
      beside: median(times.next.slice(1)),
      besideName: 'the next one',
      goal: noMoreThan(3_000),
    }];
  });
}

module.exports = { checks };
