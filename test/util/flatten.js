// Writes what Components.js reads, the definitions of two packages or a configuration with all that it imports, to one
// file: a server reads the same statements from it in a fraction of the time that hundreds of files of JSON-LD take.
const { createHash, randomUUID } = require('node:crypto');
const { createReadStream, existsSync } = require('node:fs');
const { mkdir, readFile, rename, rm, symlink, writeFile } = require('node:fs/promises');
const { join, resolve } = require('node:path');
const { RdfParser } = require('componentsjs');
const { ModuleStateBuilder } = require('componentsjs/lib/loading/ModuleStateBuilder');
const { toText } = require('./flatParser');

const ROOT = join(__dirname, '../..');
const SEE_ALSO = 'http://www.w3.org/2000/01/rdf-schema#seeAlso';
const PACKAGES = 'https://linkedsoftwaredependencies.org/bundles/npm/';
const SERVER = '@solid/community-server';
const PLUGIN = 'solid-pod-events';

async function parse(path, state) {
  const stream = new RdfParser().parse(createReadStream(path), { ...state, path, skipContextValidation: true });
  const quads = [];
  for await (const quad of stream) {
    quads.push(quad);
  }
  // What is imported has been read.
  return quads.filter(({ predicate }) => predicate.value !== SEE_ALSO);
}

/** Statements without the names of blank nodes, in an order. */
const essence = (quads) => quads.map(({ subject, predicate, object }) =>
  [ subject, predicate, object ].map(({ termType, value, language, datatype }) =>
    termType === 'BlankNode' ? '_' : `${termType} ${value} ${language} ${datatype?.value}`).join(' ')).sort().join('\n');

/** Writes statements to a file, and fails if these would not be read as the same. */
async function write(quads, path, scope) {
  await writeFile(path, toText(quads, scope));
  if (essence(await parse(path, {})) !== essence(quads)) {
    throw new Error(`${path} is not what it was made of`);
  }
}

/** Makes the folder of a package, with links to what it has. */
async function makePackage(folder, root, links) {
  await mkdir(join(folder, 'flat'), { recursive: true });
  await Promise.all(links.map(async(name) => symlink(join(root, name), join(folder, name))));
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, 'lsd:components': 'flat/components.quads' }));
}

async function makeModules(folder) {
  const state = await new ModuleStateBuilder().buildModuleState(require, ROOT);
  await makePackage(join(folder, 'node_modules', SERVER), join(ROOT, 'node_modules', SERVER), [ 'config', 'dist', 'templates' ]);
  await makePackage(join(folder, 'node_modules', PLUGIN), ROOT, [ 'components', 'config', 'dist' ]);
  const quads = await Promise.all([ SERVER, PLUGIN ].map(async(name) =>
    parse(state.componentModules[`${PACKAGES}${name}`], state)));
  for (const [ index, name ] of [ SERVER, PLUGIN ].entries()) {
    await write(quads[index], join(folder, 'node_modules', name, 'flat/components.quads'), `module${index}`);
  }
}

/** Makes a folder to search for components, unless it is there; who sees it finds all of it, though several make it. */
async function flattenModules(modules) {
  if (!existsSync(modules)) {
    const own = `${modules}-${randomUUID()}`;
    await makeModules(own);
    await rename(own, modules).catch(async() => rm(own, { recursive: true }));
  }
}

/** Adds the files of a configuration to this folder, in the same way, and returns what a server is started with. */
async function flatten(modules, config) {
  await flattenModules(modules);
  const path = resolve(ROOT, config);
  const name = createHash('sha256').update(path).update(await readFile(path)).digest('hex');
  const folder = join(modules, 'node_modules', SERVER, 'flat');
  const file = join(folder, `${name}.quads`);
  if (!existsSync(file)) {
    const own = join(folder, `${randomUUID()}.quads`);
    const state = await new ModuleStateBuilder().buildModuleState(require, modules);
    await write(await parse(path, state), own, name);
    await rename(own, file);
  }
  return { config: [ file ], modules };
}

module.exports = { flatten, flattenModules };
