// Components.js loads the built package by its main file; mapped to the sources, what the server runs is measured too.
const { join } = require('node:path');

const built = join(__dirname, 'dist', 'index').replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);

module.exports = {
  testEnvironment: 'node',
  roots: [ '<rootDir>/test' ],
  testRegex: [ String.raw`/test/.*\.test\.ts$` ],
  transform: { [String.raw`\.ts$`]: [ 'ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false, isolatedModules: true }] },
  moduleNameMapper: { [`^${built}(?:\\.js)?$`]: '<rootDir>/src/index.ts' },
  collectCoverageFrom: [ 'src/**/*.ts' ],
  testTimeout: 60_000,
};
