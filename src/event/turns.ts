import { setImmediate } from 'node:timers/promises';

let turn: Promise<unknown> = Promise.resolve();

/**
 * Waits for a turn of the event loop. All that wait make one step in each turn together, in order, so that many long
 * pieces of work hold up others no more than one does.
 */
export async function nextTurn(): Promise<void> {
  turn = turn.then(async(): Promise<unknown> => setImmediate());
  await turn;
}
