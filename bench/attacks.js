// Hostile requests, by the weakness of a server that each of them is aimed at.
const { randomUUID } = require('node:crypto');
const { request } = require('node:http');
const { send } = require('./http');

const KILO = 1_024;
const MEGA = KILO * KILO;
const JSON_TYPE = { 'content-type': 'application/json' };

/** JSON-LD with a context of its own, of about so many bytes. */
function linkedData(bytes) {
  const item = '{"@id":"u:a"},';
  return `{"@context":{"@vocab":"http://x.example/"},"p":[${item.repeat(bytes / item.length)}{"@id":"u:b"}]}`;
}

/** An object with so many distinct keys. */
function manyKeys(count) {
  return `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`;
}

/** Arrays in arrays: so deep, with as many elements at each level. */
function deepAndWide(depth, width) {
  const siblings = '1,'.repeat(width);
  return `${`[${siblings}`.repeat(depth)}1${']'.repeat(depth)}`;
}

/** Events on so many topics of 16 segments each, below none of which is a container. */
function manyTopics({ user }, count) {
  const batch = randomUUID();
  return JSON.stringify(Array.from({ length: count }, (_, index) => ({
    recipient: user.webId,
    topic: `bench/${batch}/${index}/${Array.from({ length: 13 }, (__, level) => `s${level}`).join('/')}#x`,
    data: {},
  })));
}

function publish(agents, data, path = 'publish/') {
  const { producer, user } = agents;
  return send(`${producer.pod}${path}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...producer.headers },
    body: `{"recipient":"${user.webId}","topic":"bench/contact#add","data":${data}}`,
  });
}

/** Publishes once, and returns a function that reads the event in a form of RDF. */
async function readerOf(agents, data, accept) {
  const { headers } = await publish(agents, data);
  return () => send(headers.location, { headers: { accept, ...agents.producer.headers }});
}

/** Opens connections that each begin a body of which the end never comes, and ends them after a while. */
function endlessBodies({ user }, count, bytes) {
  return Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const sent = request(`${user.pod}inbox/`, { method: 'POST', headers: { 'content-type': 'application/ld+json' }});
    sent.on('response', (response) => response.resume().on('end', () => resolve({ status: response.statusCode })));
    sent.on('error', () => resolve({ status: 0 }));
    sent.write(Buffer.alloc(bytes, ' '));
    setTimeout(() => {
      sent.destroy();
      resolve({ status: 0 });
    }, 2_000);
  })));
}

const madeUpProof = () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'dpop+jwt', alg: 'ES256' })}.${part({ jti: randomUUID() })}.${part('none')}`;
};

/**
 * The attacks; each `prepare` returns a function that makes one request and gives its answer.
 *
 * @param sizes - The size of the listing.
 */
function attacksOf({ listed }) {
  return [
    { name: 'A1: JSON-LD of 256 KiB', prepare: (agents) => () => publish(agents, linkedData(256 * KILO)) },
    { name: 'A1: JSON-LD of 4 MiB', prepare: (agents) => () => publish(agents, linkedData(3.9 * MEGA)) },
    { name: 'A1: the same, checked only', prepare: (agents) => () => publish(agents, linkedData(3.9 * MEGA), 'publish/check') },
    { name: 'A2: 20,000 numbers as Turtle', prepare: (agents) => readerOf(agents, `[${'1,'.repeat(19_999)}1]`, 'text/turtle') },
    { name: 'A2: 1 MiB of objects as N-Triples', prepare: (agents) =>
      readerOf(agents, `[${'{"a":"b"},'.repeat(100_000)}1]`, 'application/n-triples') },
    { name: 'A4: 1,000 topics of 16 segments', prepare: ({ producer, user }) => () => send(`${producer.pod}publish/`, {
      method: 'POST', headers: { ...JSON_TYPE, ...producer.headers }, body: manyTopics({ user }, 1_000),
    }) },
    { name: 'A4: the same, refused', prepare: ({ producer, user }) => () => send(`${producer.pod}publish/`, {
      method: 'POST', headers: { ...JSON_TYPE, ...producer.headers }, body: manyTopics({ user }, 1_000).replaceAll('"bench/', '"no/'),
    }) },
    { name: 'A5: 200 bodies without an end', prepare: (agents) => () => endlessBodies(agents, 200, 4.4 * MEGA) },
    { name: 'A8: 300,000 keys', prepare: (agents) => () => publish(agents, manyKeys(300_000)) },
    { name: 'A8: 60 levels, wide', prepare: (agents) => () => publish(agents, deepAndWide(60, 30_000)) },
    { name: 'A9: fabricated proofs', prepare: ({ producer }) => () => send(`${producer.pod}publish/`, {
      method: 'POST', headers: { ...JSON_TYPE, authorization: 'DPoP a.b.c', dpop: madeUpProof() }, body: '{}',
    }) },
    ...[ 'application/ld+json', 'text/turtle' ].map((accept) => ({
      name: `A10: an inbox of ${listed.toLocaleString('en')} as ${accept}`,
      prepare: ({ user }) => () => send(user.inbox, { headers: { accept, ...user.headers }}),
    })),
    { name: 'E3: 1 MiB of Turtle in an inbox', prepare: ({ producer, user }) => () => send(user.inbox, {
      method: 'POST',
      headers: { 'content-type': 'text/turtle', ...producer.headers },
      body: '<http://a.example/s> <http://a.example/p> <http://a.example/o>.\n'.repeat(MEGA / 64),
    }) },
  ];
}

module.exports = { attacksOf };
