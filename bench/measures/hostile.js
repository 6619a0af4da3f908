const { startAttacker } = require('../attacker');
const { attacksOf } = require('../attacks');
const { grant, logIn, podOf } = require('../accounts');
const { eventLoopDelay } = require('../eventLoop');
const { atMost, atMostAbove, noMoreThan } = require('../goals');
const { startInnocent } = require('../innocent');
const { residentMemory, startServer, withServers } = require('../server');
const { percentile } = require('../stats');
const { fillInbox } = require('../subscribers');
const { sleep } = require('../time');

const MEGABYTE = 1e6;

/** What hostile requests, at the full rate that the server permits, cost an innocent client. */
async function hostile(sizes) {
  const fill = (server) => fillInbox(server, podOf(server, 'user').inbox, sizes.hostileListing);
  const attacks = attacksOf({ listed: sizes.hostileListing });
  // Each attack has the whole budget of an agent.
  const attackers = attacks.map((_, index) => `attacker${index}`);
  const start = () => startServer('hostile', [ 'user', ...attackers ], { probe: true, fill });
  return withServers([ start ], async(server) => {
    const user = await logIn(server, 'user');
    await grant(user, `${user.pod}topics/bench/`, 'Read', 'Append');
    const clients = [ startInnocent(podOf(server, 'user').webId), startAttacker() ];
    try {
      return await measure(server, user, attacks, clients, sizes);
    } finally {
      clients.forEach((client) => client.stop());
    }
  });
}

async function measure(server, user, attacks, [ innocent, attacker ], { hostileTime, hostileListing, settle }) {
  await sleep(hostileTime);
  await innocent.take();
  await sleep(hostileTime);
  const idle = percentile((await innocent.take()).times, 0.99);
  const idleMemory = await memoryInUse(server);
  const rows = [];
  for (const [ index, { name }] of attacks.entries()) {
    const agents = { producer: await logIn(server, `attacker${index}`), user };
    await attacker.prepare({ index, agents, listed: hostileListing });
    await eventLoopDelay(server);
    await sleep(settle / 10);
    await innocent.take();
    const statuses = await attacker.attack(hostileTime);
    const { times, failures } = await innocent.take();
    const { max } = await eventLoopDelay(server);
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
  await sleep(2 * settle);
  rows.push({
    measure: 'resident memory in MB after all of these',
    ours: await memoryInUse(server) / MEGABYTE,
    beside: idleMemory / MEGABYTE,
    besideName: 'idle, before',
    goal: atMostAbove(200),
  });
  return rows;
}

/** Resident memory after a collection of garbage, in bytes. */
async function memoryInUse(server) {
  await eventLoopDelay(server);
  return residentMemory(server);
}

module.exports = { hostile };
