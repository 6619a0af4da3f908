// Components.js loads the built package by its main file; mapped to the sources, what the server runs is measured too.
const { join } = require('node:path');

const built = join(__dirname, 'dist', 'index').replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);

const esModules = [ '@sindresorhus/is', '@szmarczak/http-timer', 'cacheable-lookup', 'cacheable-request', 'form-data-encoder', 'got', 'http2-wrapper', 'lowercase-keys', 'mimic-response', 'nanoid', 'normalize-url', 'oidc-provider', 'p-cancelable', 'quick-lru', 'responselike' ];

module.exports = {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/util/setUp.js',
  roots: [ '<rootDir>/test' ],
  testRegex: [ String.raw`/test/.*\.test\.ts$` ],
  transform: { [String.raw`\.[jt]s$`]: [ '@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }}] },
  // The server's identity provider is only published as ES modules, which Jest does not load.
  transformIgnorePatterns: [ `/node_modules/(?!(?:${esModules.join('|')})/)` ],
  moduleNameMapper: { [`^${built}(?:\\.js)?$`]: '<rootDir>/src/index.ts' },
  collectCoverageFrom: [ 'src/**/*.ts' ],
  coverageThreshold: { global: { statements: 96.5, branches: 91, functions: 97, lines: 96.5 }},
  // By itself Jest leaves one of two processors idle; most of the time goes into servers that start.
  maxWorkers: 2,
  testTimeout: 60_000,
};
