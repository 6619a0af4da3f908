// Components.js loads the built package by its main file; mapped to the sources, what it makes is measured too.
const { join } = require('node:path');

const built = join(__dirname, 'dist', 'index').replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);

module.exports = {
  testEnvironment: '<rootDir>/test/util/environment.js',
  globalSetup: '<rootDir>/test/util/setUp.js',
  testSequencer: '<rootDir>/test/util/sequencer.js',
  roots: [ '<rootDir>/test' ],
  testRegex: [ String.raw`/test/.*\.test\.ts$` ],
  transform: { [String.raw`\.[jt]s$`]: [ '@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }}] },
  moduleNameMapper: {
    '^@solid/community-server$': '<rootDir>/test/util/communityServer.js',
    [`^${built}(?:\\.js)?$`]: '<rootDir>/src/index.ts',
  },
  collectCoverageFrom: [ 'src/**/*.ts' ],
  coverageThreshold: { global: { statements: 97, branches: 92, functions: 97.3, lines: 97 }},
  // By itself Jest leaves one of two processors idle; most of the time goes into servers that start.
  maxWorkers: 2,
  testTimeout: 60_000,
};
