// A hostile client in a process of its own, with the lowest priority, as if it had a machine of its own.
const { constants, setPriority } = require('node:os');
const { attacksOf } = require('./attacks');
const { inParallel } = require('./http');
const { sleep } = require('./time');

const CONNECTIONS = 4;

setPriority(constants.priority.PRIORITY_LOW);

let one;
process.on('disconnect', () => process.exit());
process.on('message', ({ prepare, milliseconds }) => {
  (prepare ? makeReady(prepare) : atPermittedRate(milliseconds))
    .then((result) => process.send({ result }), (error) => process.send({ error: error.message }));
});

/** @param attack - The place of the attack, and what it takes. */
async function makeReady({ index, agents, listed }) {
  one = await attacksOf({ listed })[index].prepare(agents);
}

/** Repeats the request for some time, and waits where the server says so; returns how often each status came. */
async function atPermittedRate(milliseconds) {
  const end = performance.now() + milliseconds;
  const statuses = {};
  await inParallel(CONNECTIONS, () => performance.now() > end ? undefined : (async() => {
    const answer = [ await one().catch(() => ({ status: 0 })) ].flat();
    for (const { status } of answer) {
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    const wait = Math.max(...answer.map(({ headers }) => Number(headers?.['retry-after'] ?? 0) * 1_000));
    await sleep(Math.min(wait, Math.max(0, end - performance.now())));
  })());
  return statuses;
}
