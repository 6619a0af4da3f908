import { HEALTHY } from '../../../src/delivery/health';
import { OutcomeWriter } from '../../../src/delivery/OutcomeWriter';
import type { Findings, FinishedDelivery } from '../../../src/delivery/ports';

const OPEN = { failures: 5, since: 1, openUntil: 9 };

const outcome = (delivery: number): FinishedDelivery => ({ delivery, claim: delivery, host: 1, state: 'delivered' });

describe('The writer of outcomes', (): void => {
  let written: { readonly keys: number[]; readonly findings: Findings }[];
  let finish: () => Promise<void>;
  let emptied: number;
  let messages: string[];
  let writer: OutcomeWriter;

  const keys = (): number[][] => written.map((batch): number[] => batch.keys);

  beforeEach((): void => {
    jest.useFakeTimers();
    [ written, messages, emptied ] = [ [], [], 0 ];
    finish = async(): Promise<void> => {};
    writer = new OutcomeWriter({
      finish: async(finished, findings): Promise<void> => {
        written.push({ keys: finished.map(({ delivery }): number => delivery), findings });
        return finish();
      },
    }, (): void => {
      emptied += 1;
    }, (message): unknown => messages.push(message));
    writer.start();
  });

  afterEach((): void => {
    jest.useRealTimers();
  });

  it('gathers outcomes and states for 30 ms, and writes them in order.', async(): Promise<void> => {
    expect(writer.isBusy).toBe(false);
    writer.record(outcome(1));
    writer.noteHealth(1, OPEN);
    await jest.advanceTimersByTimeAsync(29);
    writer.record(outcome(2));
    writer.noteHealth(1, HEALTHY);
    writer.noteFailing(2, 7);
    writer.notePause(3, 8);
    expect([ writer.isBusy, keys() ]).toEqual([ true, []]);
    await jest.advanceTimersByTimeAsync(1);
    expect(keys()).toEqual([[ 1, 2 ]]);
    expect(written[0].findings).toEqual({
      hosts: new Map([[ 1, HEALTHY ]]), failing: new Map([[ 2, 7 ]]), pauses: new Map([[ 3, 8 ]]),
    });
    expect([ writer.isBusy, emptied ]).toEqual([ false, 1 ]);
  });

  it('writes outcomes that arrive during a write in the next one, and calls back once after both.', async(): Promise<void> => {
    let end: () => void = (): void => {};
    finish = async(): Promise<void> => new Promise((resolve): unknown => end = resolve);
    writer.record(outcome(1));
    await jest.advanceTimersByTimeAsync(30);
    writer.record(outcome(2));
    await jest.advanceTimersByTimeAsync(100);
    expect(keys()).toEqual([[ 1 ]]);
    finish = async(): Promise<void> => {};
    end();
    await jest.advanceTimersByTimeAsync(200);
    expect([ keys(), emptied ]).toEqual([[[ 1 ], [ 2 ]], 1 ]);
  });

  it('gathers for ten times as long as the write before took, and for 200 ms at most.', async(): Promise<void> => {
    const gathered = async(duration: number): Promise<number> => {
      finish = async(): Promise<void> => new Promise((resolve): unknown => setTimeout(resolve, duration));
      writer.record(outcome(1));
      await jest.advanceTimersByTimeAsync(500);
      const before = written.length;
      writer.record(outcome(2));
      let time = 0;
      while (written.length === before) {
        await jest.advanceTimersByTimeAsync(1);
        time += 1;
      }
      await jest.advanceTimersByTimeAsync(500);
      return time;
    };
    expect([ await gathered(1), await gathered(10), await gathered(50), await gathered(0) ]).toEqual([ 30, 100, 200, 30 ]);
  });

  it('repeats a failed write before later outcomes, with the latest states, until it succeeds.', async(): Promise<void> => {
    finish = async(): Promise<never> => {
      throw new Error('disk');
    };
    writer.record(outcome(1));
    writer.noteHealth(1, OPEN);
    writer.noteHealth(2, OPEN);
    writer.noteFailing(1, 5);
    writer.notePause(1, 6);
    await jest.advanceTimersByTimeAsync(30);
    expect([ writer.isFailing, writer.isBusy, emptied ]).toEqual([ true, true, 0 ]);
    expect(messages).toEqual([ 'Writing the outcomes of 1 deliveries failed and is retried: disk' ]);
    writer.record(outcome(2));
    writer.noteHealth(1, HEALTHY);
    writer.noteFailing(1, null);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(keys()).toEqual([[ 1 ]]);
    finish = async(): Promise<void> => {};
    await jest.advanceTimersByTimeAsync(30);
    expect(keys()).toEqual([[ 1 ], [ 1, 2 ]]);
    expect(written[1].findings).toEqual({
      hosts: new Map([[ 1, HEALTHY ], [ 2, OPEN ]]), failing: new Map([[ 1, null ]]), pauses: new Map([[ 1, 6 ]]),
    });
    expect([ writer.isFailing, writer.isBusy, emptied ]).toEqual([ false, false, 1 ]);
  });

  it('drains with one attempt after a failure once it is stopped.', async(): Promise<void> => {
    finish = async(): Promise<never> => {
      throw new Error('disk');
    };
    writer.record(outcome(1));
    writer.stop();
    const drained = writer.drain();
    await jest.advanceTimersByTimeAsync(40);
    await drained;
    expect(keys()).toEqual([[ 1 ], [ 1 ]]);
    expect(messages).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(2);
    finish = async(): Promise<void> => {};
    const again = writer.drain();
    await jest.advanceTimersByTimeAsync(1);
    await again;
    expect([ keys().at(-1), writer.isBusy ]).toEqual([[ 1 ], false ]);
  });
});
