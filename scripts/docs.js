// Writes docs/configure.md: the guide in scripts/configure.md, and tables generated from config/ and components/.
//   node scripts/docs.js [--check]     --check fails if the committed page is not current
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const PAGE = join(root, 'docs/configure.md');
const OWN = 'urn:solid-pod-events:default:';
const SERVER = 'urn:solid-server:default:';
const MEMORY = 'parts/store-memory.json';
const LITERALS = new Set([ 'xsd:number', 'xsd:integer', 'xsd:boolean', 'xsd:string' ]);

const readJson = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const isObject = (value) => typeof value === 'object' && value !== null;

/** Numeric constants of `src`, by name: comments link to the constant of a default. */
const constants = new Map(readdirSync(join(root, 'src'), { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => [ ...readFileSync(join(root, 'src', name), 'utf8').matchAll(/^export const ([A-Z_]+) = (\d+);$/gmu) ])
  .map(([ , name, value ]) => [ name, value ]));

/** A comment as one table cell. */
function cell(text = '') {
  return text.replaceAll(/\{@link ([A-Z_]+)\}/gu, (link, name) => constants.get(name) ?? link)
    .replaceAll(/\{@link ([^}]*)\}/gu, '`$1`').replaceAll(/\s+/gu, ' ').replaceAll('|', String.raw`\|`).trim();
}

function table(heads, rows) {
  return [ heads, heads.map(() => '---'), ...rows ].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** All nodes of a configuration file with a class, outermost first. */
function nodesOf(value) {
  const inner = isObject(value) ? Object.values(value).flatMap(nodesOf) : [];
  return isObject(value) && typeof value['@type'] === 'string' ? [ value, ...inner ] : inner;
}

/** Parameters with a literal range, and their comments, of each class in components/. */
function readClasses() {
  const classes = new Map();
  const files = readJson('components/components.jsonld').import.map((name) => name.replace(/^.*?:/u, ''));
  const components = files.flatMap((name) => readJson(name).components ?? []);
  for (const { requireElement, parameters = []} of components.filter((one) => one.requireElement)) {
    const literals = parameters.map(({ '@id': id, range, comment }) => ({
      name: id.slice(id.indexOf('#') + requireElement.length + 2).replace(/^args_/u, ''),
      comment,
      isLiteral: [ range, ...range?.parameterRangeElements ?? [] ].some((type) => LITERALS.has(type)),
    }));
    classes.set(requireElement, literals);
  }
  return classes;
}

function literalOf(value) {
  const literal = isObject(value) && '@value' in value ? value['@value'] : value;
  if (Array.isArray(literal) && literal.length > 0 && literal.every((one) => typeof one === 'number')) {
    return literal.join(', ');
  }
  return isObject(literal) || literal === undefined ? undefined : String(literal);
}

const DEFAULT = / Default:? `?([^\s`]+?)`?[.;]?$/u;

/**
 * The literal parameters of one component.
 *
 * @param nodes - All nodes with the `@id` of the component.
 * @param parameters - Parameters of its class.
 */
function rowsOf(nodes, parameters = []) {
  return parameters.flatMap(({ name, comment, isLiteral }) => {
    const text = cell(comment);
    const isSet = nodes.some((node) => name in node);
    const fallback = isSet || !isLiteral ? undefined : DEFAULT.exec(text)?.[1];
    const value = nodes.map((node) => literalOf(node[name])).find((literal) => literal !== undefined) ?? fallback;
    return value === undefined ? [] : [[ name, value === '' ? 'empty' : `\`${value}\``, text.replace(DEFAULT, '') ]];
  });
}

const shortId = (id) => id.replace(OWN, '').replace(SERVER, '');

/** The page as it has to be. */
function configurePage() {
  const classes = readClasses();
  const filesIn = (folder) => readdirSync(join(root, 'config', folder)).sort().map((name) => `${folder}/${name}`);
  const { import: imported } = readJson('config/default.json');
  const isDefault = (name) => imported.includes(`pod-events:config/${name}`);
  const nodes = (name) => nodesOf(readJson(join('config', name))['@graph']);

  const parts = filesIn('parts').map((name) => {
    const [ first ] = nodes(name);
    return [ `\`${name}\`${isDefault(name) ? '' : ' (not in `default.json`)'}`, cell(first.comment) ];
  });
  const components = new Map();
  for (const node of filesIn('parts').filter((name) => name !== MEMORY).flatMap(nodes)) {
    if (node['@id']?.startsWith(OWN)) {
      components.set(node['@id'], [ ...components.get(node['@id']) ?? [], node ]);
    }
  }
  const rows = [ ...components ].flatMap(([ id, same ]) => rowsOf(same, classes.get(same[0]['@type'])).map((row) => {
    const [ name, type ] = [ shortId(id), same[0]['@type'] ];
    return [ name === type ? `\`${name}\`` : `\`${name}\` (\`${type}\`)`, `\`${row[0]}\``, ...row.slice(1) ];
  }));
  const overrides = filesIn('overrides').flatMap((name) => nodes(name).filter((node) => node['@type'] === 'Override')
    .map((node) => [ `\`${name}\`${isDefault(name) ? '' : ' (optional)'}`, `\`${shortId(node['@id'])}\``,
      `\`${shortId(node.overrideInstance['@id'])}\``, cell(node.comment) ]));

  return [
    '<!-- Generated by `npm run docs` from scripts/configure.md, config/ and components/. Do not edit. -->\n',
    readFileSync(join(__dirname, 'configure.md'), 'utf8'),
    '## Parts\n',
    `${table([ 'part', 'purpose' ], parts)}\n`,
    '## Parameters\n',
    `The \`@id\` of a component is \`${OWN}\` and its name. The class is in parentheses if it has another name.\n`,
    `${table([ 'component', 'parameter', 'default', 'meaning' ], rows)}\n`,
    '## Overrides\n',
    `Components of the server (\`${SERVER}\`) that the plugin changes:\n`,
    `${table([ 'file', 'Override', 'component', 'change' ], overrides)}\n`,
  ].join('\n');
}

module.exports = { configurePage };

if (require.main === module) {
  const page = configurePage();
  if (!process.argv.includes('--check')) {
    writeFileSync(PAGE, page);
  } else if (readFileSync(PAGE, 'utf8') !== page) {
    process.stderr.write('docs/configure.md is not current: run `npm run docs`\n');
    process.exitCode = 1;
  }
}
