const { useApiKey } = require('../accounts');
const { atLeast } = require('../goals');
const { requestsPerSecond, sendOk } = require('../http');
const { DATA, TOPIC } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');

const CONNECTIONS = 8;
const WARM_UP = 1_000;

/** How many events a second each dialect accepts, beside `publish/`: of the same agent, by one key, for one pod. */
async function dialects(sizes) {
  return withServers([ () => startServer('events', [ 'user' ]) ], async(server) => {
    const user = await useApiKey(server, 'user');
    const senders = await sendersOf(user);
    const watcher = new StoreWatcher(server);
    const rates = Object.fromEntries(Object.keys(senders).map((name) => [ name, []]));
    for (let round = 0; round <= sizes.rounds; round += 1) {
      for (const [ name, send ] of Object.entries(senders)) {
        if (round === 0) {
          await requestsPerSecond(WARM_UP, CONNECTIONS, send);
        }
        await watcher.untilIdle();
        rates[name].push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, send));
      }
    }
    watcher.close();
    const { 'publish/': beside, ...others } = rates;
    return Object.entries(others).map(([ name, ours ]) => ({
      measure: `events/s by ${name}, 8 connections`,
      ours: median(ours.slice(1)),
      beside: median(beside.slice(1)),
      besideName: 'the same data by publish/',
      // A key is not a dialect: it has the request remembered.
      ...!name.includes('Idempotency-Key') && { goal: atLeast(1 / 1.2) },
    }));
  });
}

/** What sends one event with the same data, by each dialect. */
async function sendersOf({ pod, webId, headers }) {
  const all = { ...headers, 'content-type': 'application/json' };
  const post = (path, body, more = {}) => sendOk(`${pod}${path}`, {
    method: 'POST', headers: { ...all, ...more }, body: JSON.stringify(body),
  });
  const system = await post('system', {
    name: 'Bench', identifier: 'bench', class: 'producer', type: 'script', description: 'Measures.',
  });
  const entry = await post('event', {
    system_id: contentOf(system).id, name: 'Bench', operation: 'new', description: 'Measured.', topic: TOPIC,
  });
  const path = `event/send?event-identifier=${contentOf(entry).identifier}`;
  const publish = { recipient: webId, topic: TOPIC, data: DATA };
  let count = 0;
  return {
    'publish/': () => post('publish/', publish),
    'publish/ with an Idempotency-Key': () => post('publish/', publish, { 'idempotency-key': `key-${count += 1}` }),
    __event: () => post('__event', { Type: TOPIC, Object: webId, Info: JSON.stringify(DATA) }),
    'event/send': () => post(path, DATA),
  };
}

const contentOf = ({ body }) => JSON.parse(body).content;

module.exports = { dialects };
