// Writes what Components.js reads, the definitions of two packages or a configuration with all that it imports, to a
// Turtle file and a JSON-LD file: a server reads the same statements from these in a fraction of the time that hundreds
// of files of JSON-LD take. Turtle has no ^ in an IRI, which the IRIs of Components.js have; those of the server's
// package are therefore relative, and what has another one is in the JSON-LD file.
const { createHash, randomUUID } = require('node:crypto');
const { createReadStream, existsSync } = require('node:fs');
const { mkdir, readFile, rename, rm, symlink, writeFile } = require('node:fs/promises');
const { join, resolve } = require('node:path');
const { RdfParser } = require('componentsjs');
const { ModuleStateBuilder } = require('componentsjs/lib/loading/ModuleStateBuilder');

const ROOT = join(__dirname, '../..');
const SEE_ALSO = 'http://www.w3.org/2000/01/rdf-schema#seeAlso';
const TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const STRING = 'http://www.w3.org/2001/XMLSchema#string';
const PACKAGES = 'https://linkedsoftwaredependencies.org/bundles/npm/';
const SERVER = '@solid/community-server';
const PLUGIN = 'solid-pod-events';
const BASE = `${PACKAGES}${SERVER}/^7.0.0/`;
const ILLEGAL = /[\0- <>\\"{}|^`]/u;

async function parse(path, state) {
  const stream = new RdfParser().parse(createReadStream(path), { ...state, path, skipContextValidation: true });
  const quads = [];
  for await (const quad of stream) {
    quads.push(quad);
  }
  // What is imported has been read.
  return quads.filter(({ predicate }) => predicate.value !== SEE_ALSO);
}

function turtleTerm(term, scope) {
  if (term.termType === 'BlankNode') {
    return `_:${scope}.${term.value}`;
  }
  if (term.termType === 'Literal') {
    const type = term.datatype.value === STRING ? '' : `^^<${term.datatype.value}>`;
    return `${JSON.stringify(term.value)}${term.language ? `@${term.language}` : type}`;
  }
  return term.value.startsWith(BASE) ? `<../${term.value.slice(BASE.length)}>` : `<${term.value}>`;
}

const toTurtle = (quads, scope) => quads.map(({ subject, predicate, object }) =>
  `${[ subject, predicate, object ].map((term) => turtleTerm(term, scope)).join(' ')} .\n`).join('');

function jsonTerm({ termType, value, language, datatype }, scope) {
  if (termType !== 'Literal') {
    return { '@id': termType === 'BlankNode' ? `_:${scope}.${value}` : value };
  }
  return { '@value': value, ...language ? { '@language': language } : datatype.value !== STRING && { '@type': datatype.value }};
}

function toJsonLd(quads, scope) {
  const nodes = new Map();
  for (const { subject, predicate, object } of quads) {
    const id = jsonTerm(subject, scope)['@id'];
    const node = nodes.get(id) ?? { '@id': id };
    nodes.set(id, node);
    const value = jsonTerm(object, scope);
    const [ key, listed ] = predicate.value === TYPE ? [ '@type', value['@id'] ] : [ predicate.value, value ];
    (node[key] ??= []).push(listed);
  }
  return JSON.stringify([ ...nodes.values() ]);
}

const isLegal = ({ termType, value }) =>
  termType !== 'NamedNode' || !ILLEGAL.test(value.startsWith(BASE) ? value.slice(BASE.length) : value);

/** Splits statements into what can be in Turtle and what cannot; a subject stays together with its blank nodes. */
function split(quads) {
  const parents = new Map();
  const rootOf = (node) => {
    const parent = parents.get(node) ?? node;
    return parent === node ? node : rootOf(parent);
  };
  for (const { subject, object } of quads.filter(({ object: { termType }}) => termType === 'BlankNode')) {
    parents.set(rootOf(subject.value), rootOf(object.value));
  }
  const illegal = quads.filter(({ subject, predicate, object }) => ![ subject, predicate, object ].every(isLegal));
  const others = new Set(illegal.map(({ subject }) => rootOf(subject.value)));
  const inTurtle = ({ subject }) => !others.has(rootOf(subject.value));
  return [ quads.filter(inTurtle), quads.filter((quad) => !inTurtle(quad)) ];
}

/** Statements without the names of blank nodes, in an order. */
const essence = (quads) => quads.map(({ subject, predicate, object }) =>
  [ subject, predicate, object ].map(({ termType, value, language, datatype }) =>
    termType === 'BlankNode' ? '_' : `${termType} ${value} ${language} ${datatype?.value}`).join(' ')).sort().join('\n');

/** Writes statements to two files of a folder, and fails where these would not be read as the same. */
async function write(quads, folder, name) {
  const parts = split(quads);
  const paths = [ 'ttl', 'jsonld' ].map((extension) => join(folder, `${name}.${extension}`));
  // A parser of JSON-LD keeps the names of blank nodes, and those of two configurations may be the same.
  const scope = name.replaceAll('-', '');
  await writeFile(paths[0], toTurtle(parts[0], scope));
  await writeFile(paths[1], toJsonLd(parts[1], scope));
  const read = await Promise.all(paths.map((path) => parse(path, { importPaths: { [`${BASE}flat/`]: `${folder}/` }})));
  if (essence(read.flat()) !== essence(quads)) {
    throw new Error(`${paths.join(' and ')} are not what they were made of`);
  }
}

/** Makes the folder of a package, with links to what it has. */
async function makePackage(folder, root, links, manifest) {
  await mkdir(join(folder, 'flat'), { recursive: true });
  await Promise.all(links.map(async(name) => symlink(join(root, name), join(folder, name))));
  const { 'lsd:importPaths': importPaths, ...own } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const all = { ...own, ...manifest, 'lsd:importPaths': { ...manifest['lsd:importPaths'], ...importPaths }};
  await writeFile(join(folder, 'package.json'), JSON.stringify(all));
}

async function makeModules(folder) {
  const state = await new ModuleStateBuilder().buildModuleState(require, ROOT);
  const server = join(folder, 'node_modules', SERVER);
  await makePackage(server, join(ROOT, 'node_modules', SERVER), [ 'config', 'dist', 'templates' ], {
    'lsd:components': 'flat/components.ttl', 'lsd:importPaths': { [`${BASE}flat/`]: 'flat/' },
  });
  await makePackage(join(folder, 'node_modules', PLUGIN), ROOT, [ 'components', 'config', 'dist' ], {
    'lsd:components': `../${SERVER}/flat/components.jsonld`,
  });
  const quads = await Promise.all([ SERVER, PLUGIN ].map(async(name) =>
    parse(state.componentModules[`${PACKAGES}${name}`], state)));
  await write(quads.flat(), join(server, 'flat'), 'components');
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
  const files = [ 'jsonld', 'ttl' ].map((extension) => `${name}.${extension}`);
  if (!existsSync(join(folder, files[1]))) {
    const own = randomUUID();
    const state = await new ModuleStateBuilder().buildModuleState(require, modules);
    await write(await parse(path, state), folder, own);
    for (const file of files) {
      await rename(join(folder, file.replace(name, own)), join(folder, file));
    }
  }
  return { config: files.map((file) => join(folder, file)), modules };
}

module.exports = { flatten, flattenModules };
