const { existsSync, readFileSync, rmSync } = require('node:fs');
const { deadline, sleep } = require('./time');

/** How long a server's event loop was held since this was last asked, in ms: `p50`, `p99`, `max` of `count` turns. */
async function eventLoopDelay({ child, probeFile }) {
  rmSync(probeFile, { force: true });
  child.kill('SIGUSR2');
  const withTimeout = deadline(30_000, 'The event loop probe did not answer');
  while (withTimeout() && !existsSync(probeFile)) {
    await sleep(5);
  }
  return JSON.parse(readFileSync(probeFile, 'utf8'));
}

module.exports = { eventLoopDelay };
