#!/usr/bin/env node
// Starts a server with events, or copies, restores, checks and moves its data: see docs/operate.md.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const built = join(__dirname, '../dist/server-cli/index.js');
if (existsSync(built)) {
  require(built).main();
} else {
  process.stderr.write('This package is not built. Run `npm run build:ts` first, or start the server with `npm start`.\n');
  process.exitCode = 1;
}
