// Jest knows only from the last run which files take long, and a fresh clone has none: those that start most go first.
const { basename } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

const longest = [
  'lifecycle', 'one-server', 'crash-federation', 'package', 'crash', 'deliveries', 'database', 'operator', 'http', 'a1-a8', 'client', 'presets', 'docs', 'demo', 'stop', 'cli', 'revocation', 'federation',
  'api-keys-account', 'access-matrix', 'full-disk', 'fuzz',
];

module.exports = class extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = longest.findIndex((name) => basename(path) === `${name}.test.ts`);
      return index < 0 ? longest.length : index;
    };
    return super.sort(tests).sort((first, second) => place(first) - place(second));
  }
};
