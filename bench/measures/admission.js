const { grouped } = require('../format');
const { atLeast, atMost } = require('../goals');
const { logInBoth, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { withSink } = require('../sink');
const { median } = require('../stats');
const { subscribeElsewhere } = require('../subscribers');
const { sleep, timed } = require('../time');

const WARM_UPS = 30;
const OTHER_TOPIC = 'bench/quiet#add';
/** Time between two publishes on another topic, in milliseconds. */
const PAUSE = 100;

/** What deliveries and publishes on other topics cost each other while both are made. */
async function admission(sizes) {
  return withSink(async(sink) => [
    ...await deliveriesBesidePublishes(sink, sizes),
    ...await publishesBesideDeliveries(sink, sizes),
  ]);
}

async function withWebhooks(sink, count, work) {
  const fill = (server) => subscribeElsewhere(server, count, (index) =>
    ({ kind: 'webhook', url: `http://${sink.host}/webhook/${index}`, host: sink.host }));
  return withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
    const agents = await logInBoth(server);
    const quiet = publisherOf(agents, OTHER_TOPIC);
    for (let sent = 0; sent < WARM_UPS; sent += 1) {
      await quiet();
    }
    return work(publisherOf(agents), quiet);
  });
}

/** Does some work, and publishes on another topic until it is done; returns its result, and the times of publishes. */
async function besidePublishes(quiet, work) {
  const state = { over: false };
  const times = [];
  const publishing = (async() => {
    while (!state.over) {
      times.push(await timed(quiet));
      await sleep(PAUSE);
    }
  })();
  const result = await work();
  state.over = true;
  await publishing;
  return { result, times };
}

async function deliveriesBesidePublishes(sink, { deliveries, deliveryRounds }) {
  return withWebhooks(sink, deliveries, async(publish, quiet) => {
    const alone = [];
    const beside = [];
    for (let round = 0; round <= deliveryRounds; round += 1) {
      const rate = await sink.rateOf(deliveries, () => publish());
      const { result } = await besidePublishes(quiet, () => sink.rateOf(deliveries, () => publish()));
      // The first round warms both up.
      if (round > 0) {
        alone.push(rate);
        beside.push(result);
      }
    }
    return [{
      measure: `deliveries/s to webhooks, ${grouped(deliveries)} at once, with ten publishes/s on another topic`,
      ours: median(beside),
      beside: median(alone),
      besideName: 'without these publishes',
      goal: atLeast(0.7),
    }];
  });
}

async function publishesBesideDeliveries(sink, { waitingDeliveries, latencies }) {
  return withWebhooks(sink, waitingDeliveries, async(publish, quiet) => {
    const idle = [];
    for (let sent = 0; sent < latencies; sent += 1) {
      idle.push(await timed(quiet));
      await sleep(PAUSE);
    }
    const { times } = await besidePublishes(quiet, () => sink.rateOf(waitingDeliveries, () => publish()));
    return [{
      measure: `accept latency p50 in ms, while ${grouped(waitingDeliveries)} deliveries are made`,
      ours: median(times),
      beside: median(idle),
      besideName: 'idle',
      goal: atMost(1.5),
    }];
  });
}

module.exports = { admission };
