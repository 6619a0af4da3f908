// Jest knows only from the last run which files take long, and a fresh clone has none: those that start most go first.
const { default: Sequencer } = require('@jest/test-sequencer');

const longest = [
  'crash-federation', 'crash', 'package', 'federation', 'docs', 'client', 'full-disk', 'api-keys-account', 'stop',
  'revocation', 'access-matrix', 'demo', 'presets', 'cli', 'ldp',
];

module.exports = class extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = longest.findIndex((name) => path.endsWith(`${name}.test.ts`));
      return index < 0 ? longest.length : index;
    };
    return super.sort(tests).sort((first, second) => place(first) - place(second));
  }
};
