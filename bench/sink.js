// What deliveries are sent to.
const { fork } = require('node:child_process');
const { join } = require('node:path');
const { deadline, sleep } = require('./time');

const LIMIT = 300_000;

/** Starts the sink, and returns what is asked of it. */
async function startSink() {
  const child = fork(join(__dirname, 'sinkServer.js'), { stdio: 'inherit' });
  const waiting = new Map();
  let last = 0;
  const port = await new Promise((resolve) => child.once('message', (message) => resolve(message.port)));
  child.on('message', ({ id, answer }) => {
    waiting.get(id)(answer);
    waiting.delete(id);
  });
  const ask = (command, rest = {}) => new Promise((resolve) => {
    last += 1;
    waiting.set(last, resolve);
    child.send({ id: last, command, ...rest });
  });
  /** Does some work, and waits until so many requests came of it; returns how many a second that were. */
  const rateOf = async(requests, work) => {
    await ask('reset');
    const begun = performance.timeOrigin + performance.now();
    await work();
    const withTimeout = deadline(LIMIT, `Not all of ${requests} requests came`);
    let counts = await ask('counts');
    while (counts.requests < requests && withTimeout()) {
      await sleep(20);
      counts = await ask('counts');
    }
    return counts.requests / (counts.last - begun) * 1_000;
  };
  return {
    port,
    host: `127.0.0.1:${port}`,
    hanging: (index) => `127.1.${index >> 8}.${index & 255}:${port}`,
    ask,
    rateOf,
    stop: () => child.disconnect(),
  };
}

/** Runs some work with a sink, and stops it whatever becomes of it. */
async function withSink(work) {
  const sink = await startSink();
  try {
    return await work(sink);
  } finally {
    sink.stop();
  }
}

module.exports = { withSink };
