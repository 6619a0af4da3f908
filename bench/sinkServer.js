// Takes deliveries, in a process of its own: inboxes, webhooks, and hosts that never answer, on loopback addresses.
const { createServer: createHttp } = require('node:http');
const { createServer: createTcp } = require('node:net');

const counts = { requests: 0, last: undefined };
let live;

const server = createHttp((request, response) => {
  if (request.method === 'OPTIONS') {
    response.writeHead(200, { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*' }).end();
    request.resume();
    return;
  }
  request.resume().on('end', () => {
    counts.last = performance.timeOrigin + performance.now();
    counts.requests += 1;
    if (request.url === '/live') {
      live?.();
    }
    response.writeHead(201, { location: `${request.url}/1`, 'content-length': 0 }).end();
  });
});
server.keepAliveTimeout = 60_000;

/** Listens on as many addresses of the loopback network, and never answers. */
async function hang(hosts, port) {
  const listening = Array.from({ length: hosts }, (_, index) => new Promise((resolve, reject) => {
    const silent = createTcp((socket) => socket.on('error', () => socket.destroy()));
    silent.on('error', reject);
    silent.listen(port, `127.1.${index >> 8}.${index & 255}`, resolve);
  }));
  await Promise.all(listening);
}

const commands = {
  reset: () => Object.assign(counts, { requests: 0, last: undefined }),
  counts: () => counts,
  hang: ({ hosts }) => hang(hosts, server.address().port),
  /** Answers when the live webhook or inbox gets its next copy. */
  live: () => new Promise((resolve) => {
    live = resolve;
  }),
};

process.on('message', async({ id, command, ...rest }) => {
  process.send({ id, answer: await commands[command](rest) ?? null });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
