const { fork } = require('node:child_process');
const { join } = require('node:path');

/**
 * Starts a hostile client.
 *
 * @returns `prepare`, which makes an attack ready, `attack`, which makes it for a time in ms and returns how often each
 * status came, and `stop`.
 */
function startAttacker() {
  const child = fork(join(__dirname, 'attackerClient.js'), [], { stdio: 'inherit' });
  const ask = (message) => new Promise((resolve, reject) => {
    child.once('message', ({ result, error }) => error === undefined ? resolve(result) : reject(new Error(error)));
    child.send(message);
  });
  return {
    prepare: (prepare) => ask({ prepare }),
    attack: (milliseconds) => ask({ milliseconds }),
    stop: () => child.disconnect(),
  };
}

module.exports = { startAttacker };
