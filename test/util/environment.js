// The environment of the tests: what Jest has, and `requireOutside`, the `require` of Node.
const { TestEnvironment } = require('jest-environment-node');

// Node frees the memory of a worker object by object, which takes longer than the half second that Jest waits for.
// Jest then reports handles that tests left open, though there are none.
if (process.send) {
  process.once('exit', (code) => process.reallyExit(code));
}

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.requireOutside = require;
    // By these the server finds out that it is tested, and would use Jest to load what it needs.
    delete process.env.JEST_WORKER_ID;
    delete process.env.NODE_ENV;
  }
};
