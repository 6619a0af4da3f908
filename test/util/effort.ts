/**
 * How thorough the tests are that repeat something at random: `TEST_FULL=1` is for CI, without it they fit into the
 * minutes of a developer.
 */
const isFull = Boolean(process.env.TEST_FULL);

/** Number of process kills in a crash test: 60 in CI, otherwise 10. `TEST_KILLS` sets another. */
export const KILLS = Number(process.env.TEST_KILLS ?? (isFull ? 60 : 10));

/** Time limit of a test that makes all kills, in milliseconds; only a server that hangs reaches it. */
export const KILLS_TIMEOUT = 600_000 + KILLS * 60_000;

/**
 * Number of runs of a property test: `full` in CI, otherwise a fifth of it. `PROPERTY_RUNS` sets another.
 *
 * @param full - Number of runs in CI.
 */
export function runs(full: number): number {
  return Number(process.env.PROPERTY_RUNS ?? (isFull ? full : Math.max(5, Math.ceil(full / 5))));
}
