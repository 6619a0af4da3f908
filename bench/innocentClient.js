// A client in a process of its own that reads a public document, one request after the other, and measures each.
const { send } = require('./http');
const { sleep } = require('./time');

/** Pause between two requests, in ms. */
const PAUSE = 10;

let times = [];
let failures = 0;
process.on('disconnect', () => process.exit());
process.on('message', () => {
  process.send({ times, failures });
  times = [];
  failures = 0;
});

async function main(url) {
  for (;;) {
    const start = performance.now();
    const status = await send(url).then((response) => response.status, () => 0);
    times.push(performance.now() - start);
    failures += status === 200 ? 0 : 1;
    await sleep(PAUSE);
  }
}

main(process.argv[2]);
