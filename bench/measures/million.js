const { logIn } = require('../accounts');
const { eventLoopDelay } = require('../eventLoop');
const { grouped } = require('../format');
const { atMostAbove, noMoreThan } = require('../goals');
const { inParallel, requestsPerSecond, sendOk } = require('../http');
const { logInBoth, posterOf, publisherOf } = require('../publishing');
const { residentMemory, startServer, withServers } = require('../server');
const { StoreWatcher } = require('../storeFile');
const { subscribe } = require('../subscribers');
const { sleep } = require('../time');

const CONNECTIONS = 8;
const MEGABYTE = 1e6;

/** How long the event loop is held, and what is left in memory, when very many copies are written. */
async function million(sizes) {
  const fill = (server) => subscribe(server, sizes.inboxes, sizes.agents);
  const servers = [
    () => startServer('events', [ 'producer', 'user' ], { fill, probe: true }),
    () => startServer('plain', [ 'producer' ], { probe: true }),
  ];
  return withServers(servers, async(events, plain) => {
    const agents = await logInBoth(events);
    const producer = await logIn(plain, 'producer');
    await useByLdp(agents.producer, sizes.warmUpRequests);
    await useByLdp(producer, sizes.warmUpRequests);
    const delay = await delayOfFanOut(events, publisherOf(agents), sizes);
    const plainDelay = await delayOfPosts(plain, producer, sizes);
    await sleep(sizes.settle);
    const copies = grouped(sizes.millionPublishes * sizes.inboxes);
    return [
      {
        measure: `event loop delay p99 in ms, ${copies} copies`,
        ours: delay.p99,
        beside: plainDelay.p99,
        besideName: 'plain CSS, POSTs to a container, 8 at a time',
        goal: noMoreThan(15),
      },
      {
        measure: `resident memory in MB after ${copies} copies`,
        ours: await residentMemory(events) / MEGABYTE,
        beside: await residentMemory(plain) / MEGABYTE,
        besideName: 'plain CSS after the same requests by LDP',
        goal: atMostAbove(150),
      },
    ];
  });
}

/** What any client does with a pod: writes, reads and lists. */
async function useByLdp(agent, requests) {
  const post = posterOf(agent, agent.webId);
  const container = `${agent.pod}warm-up/`;
  await sendOk(container, { method: 'PUT', headers: { ...agent.headers, 'content-type': 'text/turtle' }, body: '' });
  let sent = 0;
  await inParallel(CONNECTIONS, () => {
    sent += 1;
    if (sent <= requests) {
      return sent % 10 === 0 ? sendOk(container, { headers: agent.headers }) : post(container);
    }
  });
}

async function delayOfFanOut(server, publish, { millionPublishes }) {
  const watcher = new StoreWatcher(server);
  await publish();
  await watcher.untilIdle();
  await eventLoopDelay(server);
  for (let sent = 0; sent < millionPublishes; sent += 1) {
    await publish();
  }
  await watcher.untilIdle();
  const delay = await eventLoopDelay(server);
  watcher.close();
  return delay;
}

async function delayOfPosts(server, producer, { roundTime }) {
  const post = posterOf(producer, producer.webId);
  const container = `${producer.pod}posts/`;
  await sendOk(container, { method: 'PUT', headers: { ...producer.headers, 'content-type': 'text/turtle' }, body: '' });
  await eventLoopDelay(server);
  await requestsPerSecond(roundTime, CONNECTIONS, () => post(container));
  return eventLoopDelay(server);
}

module.exports = { million };
