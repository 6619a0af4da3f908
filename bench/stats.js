/** The value below which a fraction of all values lies. */
function percentile(values, fraction) {
  const sorted = [ ...values ].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
}

function median(values) {
  return percentile(values, 0.5);
}

module.exports = { median, percentile };
