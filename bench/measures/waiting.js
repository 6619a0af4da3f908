const { grouped } = require('../format');
const { atMost, atMostAbove, noMoreThan } = require('../goals');
const { logInBoth, publisherOf } = require('../publishing');
const { residentMemory, startServer, withServers } = require('../server');
const { withSink } = require('../sink');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { subscribeElsewhere } = require('../subscribers');
const { sleep, timed } = require('../time');

const MEGABYTE = 1e6;
const WARM_UPS = 30;
const OTHER_TOPIC = 'bench/quiet#add';

/** What deliveries that wait cost others: those who publish, live targets, and memory. */
async function waiting(sizes) {
  return withSink(async(sink) => {
    await sink.ask('hang', { hosts: sizes.hangingHosts });
    return [
      ...await acceptWhileWaiting(sink, sizes),
      ...await liveAmongHanging(sink, sizes),
      ...await memoryOfWaiting(sink, sizes),
    ];
  });
}

/** Of ten hosts one never answers. */
async function acceptWhileWaiting(sink, { waitingDeliveries, hangingHosts, latencies }) {
  const fill = (server) => subscribeElsewhere(server, waitingDeliveries, (index) => {
    const host = index % 10 === 0 ? sink.hanging(index / 10 % hangingHosts) : sink.host;
    return { kind: 'inbox', url: `http://${host}/inbox/${index}`, host };
  });
  return withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
    const agents = await logInBoth(server);
    const quiet = publisherOf(agents, OTHER_TOPIC);
    const watcher = new StoreWatcher(server);
    const latency = async() => {
      const times = [];
      for (let sent = 0; sent < latencies; sent += 1) {
        times.push(await timed(quiet));
        await sleep(5);
      }
      return median(times);
    };
    for (let sent = 0; sent < WARM_UPS; sent += 1) {
      await quiet();
    }
    const idle = await latency();
    await publisherOf(agents)();
    await watcher.untilIdle();
    const ours = await latency();
    watcher.close();
    return [{
      measure: `accept latency p50 in ms, ${grouped(waitingDeliveries)} deliveries wait, a tenth for hosts that hang`,
      ours,
      beside: idle,
      besideName: 'idle',
      goal: atMost(1.5),
    }];
  });
}

async function liveAmongHanging(sink, { hangingHosts, liveRounds }) {
  const fill = (server) => subscribeElsewhere(server, hangingHosts + 1, (index) => {
    const host = index === hangingHosts ? sink.host : sink.hanging(index);
    return { kind: 'inbox', url: `http://${host}/live`, host };
  });
  return withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
    const publish = publisherOf(await logInBoth(server));
    const times = [];
    for (let round = 0; round < liveRounds; round += 1) {
      times.push(await timed(async() => {
        const arrived = sink.ask('live');
        await publish();
        await arrived;
      }));
    }
    return [{
      measure: `ms until a live target has its copy, while ${grouped(hangingHosts)} other hosts hang`,
      ours: median(times),
      beside: times[0],
      besideName: 'the first of these copies',
      goal: noMoreThan(1_000),
    }];
  });
}

async function memoryOfWaiting(sink, { hangingHosts, waitingTargets, waitingPublishes, settle }) {
  const fill = (server) => subscribeElsewhere(server, waitingTargets, (index) => {
    const host = sink.hanging(index % hangingHosts);
    return { kind: 'inbox', url: `http://${host}/inbox/${index}`, host };
  });
  return withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
    const agents = await logInBoth(server);
    const quiet = publisherOf(agents, OTHER_TOPIC);
    for (let sent = 0; sent < waitingPublishes; sent += 1) {
      await quiet();
    }
    // Memory of a server that rests may be taken away by the system, so the same one is looked at while it works.
    const idle = await residentMemory(server);
    const publish = publisherOf(agents);
    const watcher = new StoreWatcher(server);
    for (let sent = 0; sent < waitingPublishes; sent += 1) {
      await publish();
    }
    await watcher.untilIdle();
    watcher.close();
    await sleep(settle);
    return [{
      measure: `resident memory in MB, ${grouped(waitingTargets * waitingPublishes)} deliveries wait`,
      ours: await residentMemory(server) / MEGABYTE,
      beside: idle / MEGABYTE,
      besideName: 'the same server before, after as many publishes that nobody follows',
      goal: atMostAbove(100),
    }];
  });
}

module.exports = { memoryOfWaiting, waiting };
