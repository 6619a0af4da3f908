const { parseArgs } = require('node:util');
const { full, quick } = require('./sizes');

const OPTIONS = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  set: { type: 'string', multiple: true, default: []},
  profile: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
};

function help(names) {
  return `npm run bench -- [options]

  --quick            small sizes, to see that it works
  --only <names>     only these measures, separated by commas: ${names.join(', ')}
  --set <size=n>     another size, see bench/sizes.js; can be given several times
  --profile <folder> writes a CPU profile of each server into a folder
  --json             prints JSON instead of a table
`;
}

/**
 * Reads the options of the command line.
 *
 * @param all - The names of all measures.
 */
function readOptions(all) {
  const { values } = parseArgs({ options: OPTIONS });
  const names = values.only?.split(',') ?? all;
  const set = values.set.map((pair) => pair.split('='));
  const unknown = [
    ...names.filter((name) => !all.includes(name)),
    ...set.filter(([ name, value ]) => !(name in full) || !(Number(value) > 0)).map(([ name ]) => name),
  ];
  if (unknown.length > 0) {
    throw new Error(`There is no measure or size ${unknown.join(', ')}\n\n${help(all)}`);
  }
  const changed = Object.fromEntries(set.map(([ name, value ]) => [ name, Number(value) ]));
  return { ...values, names, sizes: { ...values.quick ? quick : full, ...changed }};
}

module.exports = { help, readOptions };
