import { ContextLoader } from '../../src/event/ContextLoader';
import type { Work } from '../../src/work/Work';

/** Runs every task in the thread of the test. */
export function inlineWork(contexts = new ContextLoader({})): Work {
  return { run: async(task, input) => task.run(input, { contexts }) };
}
