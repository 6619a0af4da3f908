#!/usr/bin/env node
// Starts a server with the options of `community-solid-server`, with events; SIGTERM and SIGINT stop it in order.
const { join } = require('node:path');
const { AppRunner } = require('@solid/community-server');

/** How long a stop may take, in ms, before the process ends anyway; what was acknowledged is stored by then. */
const GRACE = 9_000;

const argv = [ ...process.argv ];
const given = argv.some((arg) => /^(?:-c|--config)(?:=|$)/u.test(arg));
if (!given) {
  argv.push('--config', join(__dirname, '../config/examples/start.json'));
}
if (!argv.some((arg) => /^(?:-m|--mainModulePath)(?:=|$)/u.test(arg))) {
  argv.push('--mainModulePath', join(__dirname, '..'));
}
if (!given && !argv.some((arg) => /^(?:-f|--rootFilePath)(?:=|$)/u.test(arg))) {
  argv.push('--rootFilePath', './data');
}

async function main() {
  const app = await new AppRunner().createCli(argv);
  await app.start();
  let stopping = false;
  const stop = () => {
    if (stopping) {
      return;
    }
    stopping = true;
    setTimeout(() => process.exit(0), GRACE).unref();
    app.stop().then(() => process.exit(0), (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
