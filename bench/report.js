const { figure } = require('./format');

/** Completes a row by its ratio, and by whether its goal is reached. */
function complete({ goal, ...row }) {
  const whole = { ratio: row.ours / row.beside, ...row };
  return goal ? { ...whole, target: goal.text, reached: goal.isReached(whole) } : whole;
}

const HEAD = [ 'measure', 'ours', 'beside it', 'what that is', 'ratio', 'target', 'reached' ];
const VERDICTS = { true: 'yes', false: 'NO' };

function cellsOf({ measure, ours, beside, besideName, ratio, target = '', reached }) {
  return [ measure, figure(ours), figure(beside), besideName, figure(ratio), target, VERDICTS[reached] ?? '' ];
}

/** The rows as a Markdown table. */
function table(rows) {
  const lines = [ HEAD, ...rows.map(cellsOf) ];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [ line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...lines.slice(1).map(line) ].join('\n');
}

module.exports = { complete, table };
