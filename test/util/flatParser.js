// Lets Components.js read the files that `flatten.js` writes, in a tenth of the time that Turtle or JSON-LD takes:
// JSON with a list of terms, and statements as three places in that list. Loaded where a server starts with such files.
const { readFileSync } = require('node:fs');
const { Readable } = require('node:stream');
const { RdfParser } = require('componentsjs/lib/rdf/RdfParser');
const { DataFactory } = require('rdf-data-factory');

const factory = new DataFactory();
/** Statements by path. The terms never change, so all starts in a process share them. */
const files = new Map();

function toTerm([ type, value, language, datatype ]) {
  if (type === 'Literal') {
    return factory.literal(value, language || factory.namedNode(datatype));
  }
  return type === 'BlankNode' ? factory.blankNode(value) : factory.namedNode(value);
}

function read(path) {
  const { terms, places } = JSON.parse(readFileSync(path, 'utf8'));
  const all = terms.map(toTerm);
  return Array.from({ length: places.length / 3 }, (_, index) =>
    factory.quad(...places.slice(3 * index, 3 * index + 3).map((place) => all[place])));
}

/** Writes statements as text; blank nodes get a prefix, because those of two files are different. */
exports.toText = (quads, scope) => {
  const known = new Map();
  const terms = [];
  const placeOf = ({ termType, value, language, datatype }) => {
    const term = termType === 'Literal' ?
      [ termType, value, language, datatype.value ] :
      [ termType, termType === 'BlankNode' ? `${scope}.${value}` : value ];
    const key = JSON.stringify(term);
    if (!known.has(key)) {
      known.set(key, terms.push(term) - 1);
    }
    return known.get(key);
  };
  const places = quads.flatMap(({ subject, predicate, object }) => [ subject, predicate, object ].map(placeOf));
  return JSON.stringify({ terms, places });
};

const { parse } = RdfParser.prototype;

RdfParser.prototype.parse = function(stream, options) {
  if (!options.path.endsWith('.quads')) {
    return Reflect.apply(parse, this, [ stream, options ]);
  }
  stream.destroy();
  files.set(options.path, files.get(options.path) ?? read(options.path));
  const quads = files.get(options.path);
  return new Readable({
    objectMode: true,
    read() {
      for (const quad of quads) {
        this.push(quad);
      }
      this.push(null);
    },
  });
};
