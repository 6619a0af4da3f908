/** A whole number with its digits in groups of three. */
function grouped(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** A figure with three digits that matter, or all before the point. */
function figure(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

module.exports = { figure, grouped };
