/**
 * Effort of tests that repeat the same check: all repetitions with `TEST_FULL=1`, as in CI. The default is a smaller
 * number that fits into the minutes of a developer.
 */
export const isFull = Boolean(process.env.TEST_FULL);

/**
 * Number of rows, inboxes or the like of a test with very many of them: `full` in CI, otherwise `usual`.
 *
 * @param full - Number in CI.
 * @param usual - Number otherwise, sufficient for the same steps.
 */
export function amount(full: number, usual: number): number {
  return isFull ? full : usual;
}

/** Number of process kills in a crash test: 60 in CI, otherwise 10. `TEST_KILLS` overrides it. */
export const KILLS = Number(process.env.TEST_KILLS ?? (isFull ? 60 : 10));

/** Time limit of a test that makes all kills, in milliseconds; only a server that hangs reaches it. */
export const KILLS_TIMEOUT = 600_000 + KILLS * 60_000;

/**
 * Number of runs of a property test: `full` in CI, otherwise a fifth of it. `PROPERTY_RUNS` overrides it.
 *
 * @param full - Number of runs in CI.
 */
export function runs(full: number): number {
  return Number(process.env.PROPERTY_RUNS ?? (isFull ? full : Math.max(5, Math.ceil(full / 5))));
}

/**
 * Selects the cases of a matrix: all in CI, otherwise one in `every` by a diagonal pattern. Every value of a dimension
 * occurs if another dimension has at least `every` values.
 *
 * @param places - Place of the case in each dimension of the matrix.
 * @param every - Divisor of the number of cases outside CI.
 */
export function isSelected(places: readonly number[], every: number): boolean {
  return isFull || places.reduce((sum, place): number => sum + place, 0) % every === 0;
}
