// Measures what is fast beside what a user would do instead, and says whether the targets are reached.
const { writeFileSync } = require('node:fs');
const { cpus } = require('node:os');
const { join } = require('node:path');
const { accept } = require('./measures/accept');
const { acceptArrays } = require('./measures/acceptArrays');
const { acceptLatency } = require('./measures/acceptLatency');
const { admission } = require('./measures/admission');
const { checks } = require('./measures/checks');
const { credentials } = require('./measures/credentials');
const { deliveries } = require('./measures/deliveries');
const { dialects } = require('./measures/dialects');
const { fanOut } = require('./measures/fanOut');
const { fullInbox } = require('./measures/fullInbox');
const { fullInboxes } = require('./measures/fullInboxes');
const { hostile } = require('./measures/hostile');
const { listing } = require('./measures/listing');
const { million } = require('./measures/million');
const { pages } = require('./measures/pages');
const { precheck } = require('./measures/precheck');
const { waiting } = require('./measures/waiting');
const { help, readOptions } = require('./options');
const { complete, table } = require('./report');
const { killServers, setNodeOptions } = require('./server');

const MEASURES = {
  fanOut,
  accept,
  acceptArrays,
  acceptLatency,
  credentials,
  checks,
  fullInbox,
  fullInboxes,
  million,
  listing,
  pages,
  deliveries,
  admission,
  waiting,
  dialects,
  precheck,
  hostile,
};
const RESULTS = join(__dirname, 'results.json');

/** Measures one after the other; what fails is said, and leaves out its own rows only. */
async function measureAll({ names, sizes }) {
  const rows = [];
  for (const name of names) {
    const start = performance.now();
    try {
      rows.push(...(await MEASURES[name](sizes)).map((row) => complete({ name, ...row })));
      process.stderr.write(`${name}: ${Math.round((performance.now() - start) / 1_000)} s\n`);
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${name} failed: ${error.message}\n`);
    }
  }
  return rows;
}

async function main() {
  const options = readOptions(Object.keys(MEASURES));
  if (options.help) {
    process.stdout.write(help(Object.keys(MEASURES)));
    return;
  }
  if (options.profile) {
    setNodeOptions([ '--cpu-prof', `--cpu-prof-dir=${options.profile}` ]);
  }
  const rows = await measureAll(options);
  const machine = { node: process.version, platform: process.platform, cpus: cpus().length, cpu: cpus()[0]?.model };
  const json = JSON.stringify({ machine, sizes: options.sizes, rows }, null, 2);
  writeFileSync(RESULTS, `${json}\n`);
  process.stdout.write(options.json ? `${json}\n` : `\n${table(rows)}\n\n`);
}

process.on('exit', killServers);
process.on('beforeExit', () => {
  process.stderr.write('Nothing is left to wait for, but not all is measured\n');
  process.exit(1);
});
for (const signal of [ 'SIGINT', 'SIGTERM', 'SIGHUP' ]) {
  process.on(signal, () => {
    process.stderr.write(`Ended by ${signal}\n`);
    process.exit(1);
  });
}
main().then(() => process.exit(), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
