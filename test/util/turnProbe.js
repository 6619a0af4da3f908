// Preloaded into a server process: counts turns of its event loop. On SIGUSR2 it writes the counts since the last
// signal to TURN_PROBE and starts again at 0.
const { renameSync, writeFileSync } = require('node:fs');

const path = process.env.TURN_PROBE;
/** Time between two counted turns of an idle event loop, in milliseconds. */
const INTERVAL = 5;

let turns = 0;
let longest = 0;
let last = performance.now();
let cpu = process.cpuUsage();

setInterval(() => {
  const now = performance.now();
  turns += 1;
  longest = Math.max(longest, now - last - INTERVAL);
  last = now;
}, INTERVAL).unref();

process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(cpu);
  const used = Math.round((user + system) / 1_000);
  const counts = { turns, longest: Math.round(longest), cpu: used, rss: process.memoryUsage.rss() };
  writeFileSync(`${path}.new`, JSON.stringify(counts));
  renameSync(`${path}.new`, path);
  turns = 0;
  longest = 0;
  cpu = process.cpuUsage();
});
