const { logIn, useApiKey, useDpop } = require('../accounts');
const { startBare } = require('../bareProcess');
const { atLeast } = require('../goals');
const { inParallel, requestsPerSecond } = require('../http');
const { logInBoth, makeContainer, posterOf, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { sendOk } = require('../http');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { timed } = require('../time');

const CONNECTIONS = 8;
const WARM_UP = 3_000;
const JSON_TYPE = { 'content-type': 'application/json' };

const startEvents = () => startServer('events', [ 'producer', 'user' ]);
const startPlain = () => startServer('plain', [ 'producer', 'user' ]);

/** How many publishes of one event are accepted in a second, by each kind of credentials. */
async function credentials(sizes) {
  const bare = await startBare();
  const bareDpop = await startBare('dpop');
  try {
    return await withServers([ startEvents, startPlain ], (events, plain) =>
      compare(sizes, events, plain, bare, bareDpop));
  } finally {
    await bare.stop();
    await bareDpop.stop();
  }
}

async function compare(sizes, events, plain, bare, bareDpop) {
  const agents = await logInBoth(events);
  const publish = publisherOf(agents);
  const url = `${agents.producer.pod}publish/`;
  const { headers: key } = await useApiKey(events, 'producer');
  const dpop = await useDpop(events, 'producer');
  const prove = (count) => dpop.prove(count, url);
  const producer = await logIn(plain, 'producer');
  const post = posterOf(producer, producer.webId);
  const body = JSON.stringify({ recipient: agents.user.webId, topic: 'bench/contact#add', data: { text: 'x'.repeat(300) }});
  const postBare = (headers) => sendOk(bare.url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });
  const postBareDpop = (headers) => sendOk(bareDpop.url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });
  const proofs = () => prove(sizes.proofs);
  const plainDpop = await useDpop(plain, 'producer');
  const watcher = new StoreWatcher(events);
  const rates = { bearer: [], apiKey: [], dpop: [], plain: [], plainDpop: [], bare: [], bareDpop: []};
  await requestsPerSecond(WARM_UP, CONNECTIONS, () => publish());
  for (let round = 0; round <= sizes.rounds; round += 1) {
    const container = await makeContainer(producer, round);
    rates.plain.push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, () => post(container)));
    const plainProofs = await plainDpop.prove(sizes.plainProofs, container);
    rates.plainDpop.push(await eachOnce(plainProofs, (headers) => post(container, headers)));
    rates.bearer.push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, () => publish()));
    rates.bare.push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, () => postBare()));
    rates.apiKey.push(await requestsPerSecond(sizes.roundTime, CONNECTIONS, () => publish(1, key)));
    // Proofs are made before, for to make one costs as much as to verify it.
    rates.dpop.push(await eachOnce(await proofs(), (headers) => publish(1, headers)));
    rates.bareDpop.push(await eachOnce(await proofs(), postBareDpop));
    await watcher.untilIdle();
  }
  watcher.close();
  return rowsOf(Object.fromEntries(Object.entries(rates).map(([ name, all ]) => [ name, median(all.slice(1)) ])));
}

function rowsOf(rates) {
  const plain = { beside: rates.plain, besideName: 'plain CSS, POST to an empty container, Bearer' };
  const bare = { beside: rates.bare, besideName: 'node:http that commits the same rows' };
  const plainDpop = { beside: rates.plainDpop, besideName: 'plain CSS, POST to an empty container, DPoP' };
  const bareDpop = { beside: rates.bareDpop, besideName: 'the same, with one ES256 verification each' };
  const third = atLeast(1 / 3);
  return [
    { measure: 'publishes/s with a Bearer token, one event each, 8 connections', ours: rates.bearer, ...plain, goal: atLeast(40) },
    { measure: 'the same', ours: rates.bearer, ...bare, goal: third },
    { measure: 'the same with an API key', ours: rates.apiKey, ...plain, goal: atLeast(40) },
    { measure: 'the same', ours: rates.apiKey, ...bare, goal: third },
    { measure: 'the same with a DPoP proof', ours: rates.dpop, ...plainDpop, goal: atLeast(20) },
    { measure: 'the same', ours: rates.dpop, ...bareDpop, goal: third },
  ];
}

/** Sends a request with each of some headers, and returns how many were answered in a second. */
async function eachOnce(all, one) {
  let next = 0;
  const took = await timed(() => inParallel(CONNECTIONS, () => {
    next += 1;
    return next <= all.length ? one(all[next - 1]) : undefined;
  }));
  return all.length / took * 1_000;
}

module.exports = { credentials };
