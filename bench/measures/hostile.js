const { attacksOf } = require('../attacks');
const { grant, logIn, podOf } = require('../accounts');
const { eventLoopDelay } = require('../eventLoop');
const { atMost, atMostAbove, noMoreThan } = require('../goals');
const { startInnocent } = require('../innocent');
const { inParallel } = require('../http');
const { residentMemory, startServer, withServers } = require('../server');
const { percentile } = require('../stats');
const { fillInbox } = require('../subscribers');
const { sleep } = require('../time');

const MEGABYTE = 1e6;
const CONNECTIONS = 4;

/** What hostile requests, at the full rate that the server permits, cost an innocent client. */
async function hostile(sizes) {
  const prepare = (server) => fillInbox(server, podOf(server, 'user').inbox, sizes.hostileListing);
  const attacks = attacksOf({ listed: sizes.hostileListing });
  // Each attack has the whole budget of an agent.
  const attackers = attacks.map((_, index) => `attacker${index}`);
  const start = () => startServer('hostile', [ 'user', ...attackers ], { probe: true, prepare });
  return withServers([ start ], async(server) => {
    const user = await logIn(server, 'user');
    await grant(user, `${user.pod}topics/bench/`, 'Read', 'Append');
    const innocent = startInnocent(podOf(server, 'user').webId);
    try {
      return await measure(server, user, attacks, innocent, sizes);
    } finally {
      innocent.stop();
    }
  });
}

async function measure(server, user, attacks, innocent, { hostileTime, settle }) {
  await sleep(hostileTime);
  await innocent.take();
  await sleep(hostileTime);
  const idle = percentile((await innocent.take()).times, 0.99);
  const idleMemory = await residentMemory(server);
  const rows = [];
  for (const [ index, { name, prepare }] of attacks.entries()) {
    const one = await prepare({ producer: await logIn(server, `attacker${index}`), user });
    await eventLoopDelay(server);
    await innocent.take();
    const statuses = await atPermittedRate(one, hostileTime);
    const { max } = await eventLoopDelay(server);
    const { times, failures } = await innocent.take();
    const answers = `${Object.entries(statuses).map(([ status, count ]) => `${count} × ${status}`).join(', ')}` +
      `${failures > 0 ? `; ${failures} failures of the innocent client` : ''}`;
    rows.push({
      measure: `${name}: innocent p99 in ms`,
      ours: percentile(times, 0.99),
      beside: idle,
      besideName: 'idle',
      goal: atMost(5),
    }, {
      measure: `${name}: longest event loop delay in ms`,
      ours: max,
      beside: Object.values(statuses).reduce((sum, count) => sum + count, 0),
      besideName: `requests: ${answers}`,
      goal: noMoreThan(50),
    });
  }
  await sleep(settle);
  rows.push({
    measure: 'resident memory in MB after all of these',
    ours: await residentMemory(server) / MEGABYTE,
    beside: idleMemory / MEGABYTE,
    besideName: 'idle, before',
    goal: atMostAbove(200),
  });
  return rows;
}

/** Repeats a request for some time, and waits where the server says so; returns how often each status came. */
async function atPermittedRate(one, milliseconds) {
  const end = performance.now() + milliseconds;
  const statuses = {};
  await inParallel(CONNECTIONS, () => performance.now() > end ? undefined : (async() => {
    const answer = [ await one().catch(() => ({ status: 0 })) ].flat();
    for (const { status } of answer) {
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    const wait = Math.max(...answer.map(({ headers }) => Number(headers?.['retry-after'] ?? 0) * 1_000));
    await sleep(Math.min(wait, Math.max(0, end - performance.now())));
  })());
  return statuses;
}

module.exports = { hostile };
