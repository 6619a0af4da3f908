// Runs the integration tests on Node 24, which brings its own SQLite binding: npm has both, so nothing is compiled.
//   npm run test:node24 [-- <arguments of Jest, instead of test/integration>]
const { execFileSync, spawnSync } = require('node:child_process');
const { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { delimiter, dirname, join } = require('node:path');

const root = join(__dirname, '..');
const windows = process.platform === 'win32';
const nodePackage = `node-${windows ? 'win' : process.platform}-${process.arch}`;
// The last version for Node 20 has no binary for Node 24.
const packages = [ `${nodePackage}@24`, 'better-sqlite3@13' ];
const left = new Set([ '.git', 'coverage', 'data', 'node_modules' ]);

const print = (line) => process.stdout.write(`==> ${line}\n`);

/** Installs Node 24 and the binding beside the copy, and returns their folder. */
function install(folder) {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  writeFileSync(join(tools, 'package.json'), '{ "private": true }');
  print(`Installing ${packages.join(' and ')}`);
  // Neither needs its install script: both come with their binaries.
  const args = [ 'install', '--no-save', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages ];
  execFileSync('npm', args, { cwd: tools, stdio: 'inherit', shell: windows });
  return join(tools, 'node_modules');
}

/** Copies the project, with links to the packages that it has installed. */
function copy(folder, tools) {
  const project = join(folder, 'project');
  print(`Copying the project to ${project}`);
  for (const name of readdirSync(root).filter((entry) => !left.has(entry))) {
    cpSync(join(root, name), join(project, name), { recursive: true });
  }
  const link = (from, name) => {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(join(from, name), join(project, 'node_modules', name), 'junction');
  };
  const installed = readdirSync(join(root, 'node_modules')).flatMap((name) => name.startsWith('@') ?
    readdirSync(join(root, 'node_modules', name)).map((inner) => join(name, inner)) :
    [ name ]);
  for (const name of installed.filter((entry) => entry !== 'better-sqlite3' && !/^\.(?!bin$)/u.test(entry))) {
    link(join(root, 'node_modules'), name);
  }
  link(tools, 'better-sqlite3');
  return project;
}

function main() {
  const folder = mkdtempSync(join(tmpdir(), 'pod-events-node24-'));
  try {
    const tools = install(folder);
    const project = copy(folder, tools);
    const node = join(tools, nodePackage, 'bin', windows ? 'node.exe' : 'node');
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    const run = (args, options) => spawnSync(node, args, { cwd: project, env, ...options });
    const versions = 'const Database = require("better-sqlite3"); const { version } = require("better-sqlite3/package.json");' +
      'const sqlite = new Database(":memory:").prepare("SELECT sqlite_version()").pluck().get();' +
      'console.log(`Node ${process.version}, better-sqlite3 ${version}, SQLite ${sqlite}`);';
    print(run([ '-e', versions ], { encoding: 'utf8', stdio: [ 'ignore', 'pipe', 'inherit' ]}).stdout.trim());
    const args = process.argv.length > 2 ? process.argv.slice(2) : [ 'test/integration' ];
    print(`jest ${args.join(' ')}`);
    const { status } = run([ join(project, 'node_modules/jest/bin/jest.js'), ...args ], { stdio: 'inherit' });
    print(status === 0 ? 'The tests pass on Node 24' : `The tests fail on Node 24 (Jest ended with ${status})`);
    process.exitCode = status === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
