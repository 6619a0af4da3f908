// An entry of worker threads for tests: does what it is asked to.
const { parentPort } = require('node:worker_threads');

module.exports = async({ id, input }) => {
  parentPort.postMessage(id);
  switch (input) {
    case 'exit':
      return process.exit(3);
    case 'throw':
      throw new TypeError('a bug');
    case 'allocate': {
      const all = [];
      for (;;) {
        all.push(Array.from({ length: 100_000 }, () => all.length));
      }
    }
    case 'loop':
      for (;;) {
        // Until the thread is terminated.
      }
    case 'backtrack':
      return { value: /^(a+)+$/u.test(`${'a'.repeat(60)}b`) };
    default:
      return { value: input };
  }
};
