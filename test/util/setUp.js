// Gives a run of the tests a folder for what its servers share, and removes it in the end: nothing in it is ever old.
const { mkdtempSync, realpathSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pod-events-run-')));
  process.env.TEST_RUN_FOLDER = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
};
