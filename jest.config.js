// Components.js loads the built package by its main file; mapped to the sources, what it makes is measured too.
const { join } = require('node:path');

const built = join(__dirname, 'dist', 'index').replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);

module.exports = {
  testEnvironment: '<rootDir>/test/util/environment.js',
  setupFilesAfterEnv: [ '<rootDir>/test/util/afterFile.ts' ],
  globalSetup: '<rootDir>/test/util/setUp.js',
  testSequencer: '<rootDir>/test/util/sequencer.js',
  roots: [ '<rootDir>/test' ],
  // The real clients of other systems are installed in a folder of their own, by `npm run test:clients`.
  testPathIgnorePatterns: process.env.TEST_CLIENTS ? [] : [ '<rootDir>/test/clients/' ],
  testRegex: [ String.raw`/test/.*\.test\.ts$` ],
  transform: { [String.raw`\.[jt]s$`]: [ '@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }}] },
  moduleNameMapper: {
    '^@solid/community-server$': '<rootDir>/test/util/communityServer.js',
    [`^${built}(?:\\.js)?$`]: '<rootDir>/src/index.ts',
    // Worker threads do not load sources.
    '/workerFile$': '<rootDir>/test/util/workerFile.js',
  },
  // Coverage takes a third of the time, so only CI measures it.
  collectCoverage: Boolean(process.env.TEST_FULL),
  collectCoverageFrom: [ 'src/**/*.ts' ],
  // Before filters, streams and CloudEvents: 97.68, 94.23, 98.3 and 97.86. To be raised to what a whole run measures.
  coverageThreshold: { global: { statements: 97, branches: 93, functions: 97.5, lines: 97.2 }},
  // By itself Jest leaves one of two processors idle; one more fills the pauses of tests that wait for servers.
  maxWorkers: 3,
  // On a machine that does other work too, a server takes a minute to start. No test depends on how fast a machine is.
  testTimeout: 600_000,
};
