// Compiles src/ to dist/ and joins the OpenAPI parts, unless dist/ is current. The compiler writes to a temporary
// folder. Each file that differs is renamed into dist/, and files without a source are removed last. A server that runs
// from dist/ always finds complete files, and a failed build changes nothing.
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const {
  existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync,
} = require('node:fs');
const { dirname, join, relative } = require('node:path');
const Database = require('better-sqlite3');

/** Maximum wait for another build, in milliseconds. */
const LOCK_TIMEOUT = 10 * 60_000;

const root = join(__dirname, '..');
const dist = join(root, 'dist');
/** The inputs and files of the last build. */
const record = join(dist, '.build.json');
/** Temporary folders have the depth of dist/, because source maps have relative paths. */
const PREFIX = '.dist-';

function filesIn(folder) {
  const all = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
  return all.filter((name) => statSync(join(folder, name)).isFile()).sort();
}

/** Hash of all files on which the build depends. */
function inputs() {
  const hash = createHash('sha256');
  const own = filesIn(join(root, 'src')).map((name) => join('src', name));
  const compiler = 'node_modules/typescript/package.json';
  const others = [ 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', compiler, 'scripts/build.js' ];
  for (const name of [ ...own, ...others ]) {
    hash.update(`${name}\0`).update(existsSync(join(root, name)) ? readFileSync(join(root, name)) : '').update('\0');
  }
  return hash.digest('hex');
}

/** Returns whether dist/ was built from these inputs and is complete. */
function isCurrent(hash) {
  try {
    const { inputs: built, files } = JSON.parse(readFileSync(record, 'utf8'));
    const there = filesIn(dist).filter((name) => join(dist, name) !== record);
    return built === hash && there.length === Object.keys(files).length &&
      there.every((name) => statSync(join(dist, name)).size === files[name]);
  } catch {
    return false;
  }
}

function build(hash) {
  const own = join(root, `${PREFIX}${process.pid}`);
  try {
    const compiler = require.resolve('typescript/bin/tsc');
    execFileSync(process.execPath, [ compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', own ], { cwd: root, stdio: 'inherit' });
    const joiner = join(own, 'http/openapi/joinParts.js');
    if (existsSync(joiner)) {
      writeFileSync(join(own, 'openapi.json'), JSON.stringify(require(joiner).joinParts(join(root, 'src'))));
    }
    const names = filesIn(own);
    const files = Object.fromEntries(names.map((name) => [ name, statSync(join(own, name)).size ]));
    // Without a record, an interrupted build is repeated.
    rmSync(record, { force: true });
    for (const name of names) {
      const [ from, to ] = [ join(own, name), join(dist, name) ];
      if (!existsSync(to) || !readFileSync(from).equals(readFileSync(to))) {
        mkdirSync(dirname(to), { recursive: true });
        renameSync(from, to);
      }
    }
    for (const name of filesIn(dist).filter((old) => files[old] === undefined && join(dist, old) !== record)) {
      rmSync(join(dist, name));
    }
    const text = JSON.stringify({ inputs: hash, files });
    writeFileSync(join(own, 'record'), text);
    renameSync(join(own, 'record'), record);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Runs one build at a time; the lock ends with its process. */
function main() {
  const lock = new Database(join(root, `${PREFIX}lock`), { timeout: LOCK_TIMEOUT });
  try {
    lock.exec('BEGIN IMMEDIATE');
    const hash = inputs();
    if (!isCurrent(hash)) {
      // Remove the folders of interrupted builds.
      for (const name of readdirSync(root).filter((entry) => /^\.dist-\d+$/u.test(entry))) {
        rmSync(join(root, name), { recursive: true, force: true });
      }
      process.stdout.write(`Building ${relative(process.cwd(), dist) || 'dist'}\n`);
      build(hash);
    }
  } catch (error) {
    // The compiler has printed its own errors.
    process.exitCode = error.status ?? 1;
    if (error.status === undefined) {
      process.stderr.write(`The build failed: ${error.message}\n`);
    }
  } finally {
    lock.close();
  }
}

main();
