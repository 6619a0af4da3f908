import { timeSlicer, nextTimeSlice } from '../../../src/event/timeSlices';

describe('A turn of the event loop', (): void => {
  it('goes to one at a time, in order, with turns for everybody else between.', async(): Promise<void> => {
    let loops = 0;
    let runs = true;
    const count = (): void => {
      loops += 1;
      if (runs) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    const steps: [string, number][] = [];
    const work = async(name: string): Promise<void> => {
      for (let step = 0; step < 3; step += 1) {
        await nextTimeSlice();
        steps.push([ name, loops ]);
      }
    };
    await Promise.all([ work('a'), work('b'), work('c') ]);
    runs = false;
    expect(steps.map(([ name ]): string => name)).toEqual([ ...'abcabcabc' ]);
    expect(new Set(steps.map(([ , loop ]): number => loop)).size).toBe(9);
  });

  it('does not come to who does not wait any more.', async(): Promise<void> => {
    const controller = new AbortController();
    const [ first, second ] = [ nextTimeSlice(controller.signal), nextTimeSlice() ];
    controller.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await second;
    await expect(timeSlicer(0, controller.signal)()).rejects.toThrow('gone');
  });

  it('is waited for when the time is over, and not before.', async(): Promise<void> => {
    let isOver = false;
    setImmediate((): void => {
      isOver = true;
    });
    await timeSlicer(60_000)();
    expect(isOver).toBe(false);
    await timeSlicer(0)();
    expect(isOver).toBe(true);
  });
});
