const { Agent, request } = require('node:http');

const TIME_LIMIT = 60_000;
const agent = new Agent({ keepAlive: true });

/** Sends a request over a connection that is kept alive, and reads the whole answer. */
function send(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { agent, method, headers: { ...headers, ...length }, timeout: TIME_LIMIT };
    const sent = request(url, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      }));
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${url} was not answered in ${TIME_LIMIT} ms`)));
    sent.end(body);
  });
}

/** Sends a request that has to succeed. */
async function sendOk(url, options) {
  const response = await send(url, options);
  if (response.status < 200 || response.status > 299) {
    throw new Error(`${options?.method ?? 'GET'} ${url}: ${response.status} ${response.body.slice(0, 500)}`);
  }
  return response;
}

/**
 * Keeps a number of connections busy, each with one request after the other, until there is no next one.
 *
 * @param connections - The number of requests under way at any time.
 * @param next - Sends the next request and returns its promise, or returns `undefined` to end.
 */
async function inParallel(connections, next) {
  await Promise.all(Array.from({ length: connections }, async() => {
    for (let sent = next(); sent; sent = next()) {
      await sent;
    }
  }));
}

/**
 * Sends requests for some time, and returns how many were answered in a second.
 *
 * @param milliseconds - For how long.
 * @param connections - How many at a time.
 * @param one - Sends a request, that has to succeed.
 */
async function requestsPerSecond(milliseconds, connections, one) {
  const start = performance.now();
  let sent = 0;
  await inParallel(connections, () => {
    if (performance.now() - start > milliseconds) {
      return;
    }
    sent += 1;
    return one();
  });
  return sent / (performance.now() - start) * 1_000;
}

module.exports = { inParallel, requestsPerSecond, send, sendOk };
