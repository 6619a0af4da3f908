const { fork } = require('node:child_process');
const { join } = require('node:path');

/**
 * Starts an innocent client of a document.
 *
 * @returns `take`, which gives the `times` in ms, and the number of `failures`, since it was called last, and `stop`.
 */
function startInnocent(url) {
  const child = fork(join(__dirname, 'innocentClient.js'), [ url ], { stdio: 'inherit' });
  return {
    take: () => new Promise((resolve) => {
      child.once('message', resolve);
      child.send('take');
    }),
    stop: () => child.disconnect(),
  };
}

module.exports = { startInnocent };
