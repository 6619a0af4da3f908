// Fails if the committed component definitions differ from those of the sources. They are the configuration surface.
const { execSync } = require('node:child_process');
const { readdirSync, readFileSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');

const folder = join(__dirname, '../components');

function snapshot() {
  return new Map(readdirSync(folder, { recursive: true })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [ name, readFileSync(join(folder, name), 'utf8') ]));
}

const committed = snapshot();
// The generator leaves the files of sources that no longer exist.
rmSync(folder, { recursive: true });
execSync('npm run build:components', { cwd: join(__dirname, '..'), stdio: 'pipe' });
const current = snapshot();
const changed = [ ...new Set([ ...committed.keys(), ...current.keys() ]) ]
  .filter((name) => committed.get(name) !== current.get(name));
if (changed.length > 0) {
  process.stderr.write(`components/ was not current; commit what has been generated now:\n  ${changed.join('\n  ')}\n`);
  process.exit(1);
}
process.stdout.write(`components/ is current (${current.size} files)\n`);
