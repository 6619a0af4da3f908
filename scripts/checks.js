// Runs what needs no server side by side, prints what each says, and fails where one of them does.
const { spawn } = require('node:child_process');
const { join } = require('node:path');

const checks = [[ 'lint' ], [ 'typecheck' ], [ 'build:ts', 'check:components' ]];

/** Runs scripts of the package one after the other, until one fails; returns its status. */
async function run(scripts) {
  for (const script of scripts) {
    const began = Date.now();
    const options = { cwd: join(__dirname, '..'), stdio: [ 'ignore', 'pipe', 'pipe' ], shell: process.platform === 'win32' };
    const child = spawn('npm', [ 'run', '--silent', script ], options);
    let output = '';
    for (const stream of [ child.stdout, child.stderr ]) {
      stream.setEncoding('utf8').on('data', (text) => output += text);
    }
    const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const result = status === 0 ? 'passed' : `failed with status ${status}`;
    process.stdout.write(`==> ${script} ${result} after ${Math.round((Date.now() - began) / 1_000)} s\n${output}`);
    if (status !== 0) {
      return 1;
    }
  }
  return 0;
}

Promise.all(checks.map(run)).then((statuses) => {
  process.exitCode = Math.max(...statuses);
});
