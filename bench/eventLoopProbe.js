// Preloaded into a server: at SIGUSR2 it writes how long the event loop was held since the last time, in ms,
// and clears garbage away, so that how much of it there happens to be does not count as memory in use.
const { renameSync, writeFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const path = process.env.BENCH_PROBE;
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();

const toMs = (nanoseconds) => nanoseconds / 1e6;

process.on('SIGUSR2', () => {
  const seen = {
    count: histogram.count,
    p50: toMs(histogram.percentile(50)),
    p99: toMs(histogram.percentile(99)),
    max: toMs(histogram.max),
  };
  global.gc();
  // The collection itself is seen by the next turns.
  setTimeout(() => {
    histogram.reset();
    writeFileSync(`${path}.new`, JSON.stringify(seen));
    renameSync(`${path}.new`, path);
  }, 50);
});
