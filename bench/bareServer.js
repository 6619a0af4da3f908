// A server that does no more than it must: reads a JSON body and commits the rows of one event, many in a transaction.
// With `dpop` as its last argument it also verifies one ES256 signature for each request.
const { createServer } = require('node:http');
const { importJWK, jwtVerify } = require('jose');
const { v7 } = require('uuid');
const { openBare, writerOf } = require('./bare');

const keys = new Map();

/** Verifies a proof as any server has to, and nothing else of it. */
async function verify(proof) {
  await jwtVerify(proof, async({ jwk, alg }) => {
    if (!keys.has(jwk.x)) {
      keys.set(jwk.x, await importJWK(jwk, alg));
    }
    return keys.get(jwk.x);
  });
}

/** Writes what has come together in one turn of the event loop in one transaction. */
function groupedBy(write) {
  let waiting = [];
  const flush = () => {
    const group = waiting;
    waiting = [];
    write(group.map(({ event }) => event));
    group.forEach(({ done }) => done());
  };
  return (event) => new Promise((done) => {
    if (waiting.length === 0) {
      setImmediate(flush);
    }
    waiting.push({ event, done });
  });
}

async function serve(port, hasProofs) {
  const { db, close } = await openBare();
  const write = groupedBy(writerOf(db));
  const server = createServer(async(request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405).end();
      return;
    }
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    if (hasProofs) {
      await verify(request.headers.dpop);
    }
    const { topic, data } = JSON.parse(Buffer.concat(chunks));
    const id = v7();
    await write({ id, topic, published: Date.now(), members: JSON.stringify({ id, topic, data }) });
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id }));
  });
  process.on('SIGTERM', () => {
    server.closeAllConnections();
    server.close(() => close());
  });
  server.listen(port, 'localhost');
}

serve(Number(process.argv[2]), process.argv[3] === 'dpop');
