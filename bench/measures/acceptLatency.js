const { grouped } = require('../format');
const { atMost } = require('../goals');
const { logInBoth, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { subscribe } = require('../subscribers');
const { timed } = require('../time');

const WARM_UPS = 5;
const BLOCK = 10;

/** How long a publish takes to be accepted for a topic with few and with many subscribers. */
async function acceptLatency(sizes) {
  return withServers([ () => start(1, 1), () => start(sizes.subscribers, sizes.agents) ], async(few, many) => {
    const sides = [ await open(few), await open(many) ];
    for (const side of sides) {
      await side.run(WARM_UPS);
      side.times.length = 0;
    }
    for (let sent = 0; sent < sizes.latencies; sent += BLOCK) {
      for (const side of sides) {
        await side.run(BLOCK);
      }
    }
    const [ latencyOfFew, ours ] = sides.map(({ times }) => median(times));
    const busy = await whileForwarding(sides[1]);
    sides.forEach(({ close }) => close());
    const name = 'with 1 subscriber';
    return [
      {
        measure: `accept latency p50 in ms, ${grouped(sizes.subscribers)} subscribers`,
        ours,
        beside: latencyOfFew,
        besideName: name,
        goal: atMost(1.3),
      },
      {
        measure: 'the same, sent while copies of the one before are written',
        ours: busy,
        beside: latencyOfFew,
        besideName: name,
      },
    ];
  });
}

function start(inboxes, agents) {
  return startServer('events', [ 'producer', 'user' ], { fill: (server) => subscribe(server, inboxes, agents) });
}

async function open(server) {
  const publish = publisherOf(await logInBoth(server));
  const watcher = new StoreWatcher(server);
  const times = [];
  const run = async(count) => {
    for (let sent = 0; sent < count; sent += 1) {
      times.push(await timed(publish));
      await watcher.untilIdle();
    }
  };
  return { publish, watcher, times, run, close: () => watcher.close() };
}

/** Each of these is sent as soon as the one before it is answered, so that its copies are being written. */
async function whileForwarding({ publish, watcher }) {
  const times = [];
  await publish();
  for (let sent = 0; sent < BLOCK; sent += 1) {
    times.push(await timed(publish));
  }
  await watcher.untilIdle();
  return median(times);
}

module.exports = { acceptLatency };
