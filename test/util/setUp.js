// Gives a run of the tests a folder for what its servers share, and removes it in the end: nothing in it is ever old.
// The entry of worker threads is compiled to it, for these do not load sources as Jest does.
const { mkdtempSync, realpathSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { build } = require('esbuild');
const { flattenModules } = require('./flatten');

module.exports = async({ testPathPattern }) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pod-events-run-')));
  process.env.TEST_RUN_FOLDER = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [ join(__dirname, '../../src/server/worker.ts') ],
    outfile: join(folder, 'worker.js'),
    // It tells the pool that starts the thread what is passed on, so both have to be one module.
    alias: { piscina: require.resolve('piscina') },
    external: [ require.resolve('piscina') ],
    bundle: true,
    platform: 'node',
    mainFields: [ 'module', 'main' ],
    target: 'node20',
    logLevel: 'error',
  });
  // What is needed by all servers is not to take the time of the first test; tests of other folders start none.
  if (/^$|integration|hostile/u.test(testPathPattern)) {
    await flattenModules(join(folder, 'modules'));
  }
};
