import { Admission } from '../../../src/delivery/Admission';

const turn = async(): Promise<unknown> => new Promise((resolve): unknown => setImmediate(resolve));

describe('The admission of deliveries', (): void => {
  let time: number;
  let admission: Admission;

  beforeEach((): void => {
    time = 1_000;
    admission = new Admission((): number => time);
  });

  /** Begins all that may begin now, each of which takes some time; returns how many they are. */
  function beginAll(each = 0): number {
    let count = 0;
    while (count < 10_000 && admission.mayBegin()) {
      admission.begin();
      time += each;
      count += 1;
    }
    return count;
  }

  it('lets more begin in each turn of the event loop while turns are short, up to a bound.', async(): Promise<void> => {
    const counts: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      counts.push(beginAll());
      expect(admission.mayBegin()).toBe(false);
      await turn();
    }
    expect(counts.slice(0, 3)).toEqual([ 16, 17, 18 ]);
    expect(counts.at(-1)).toBe(128);
  });

  it('lets fewer begin after a long turn, and one at least.', async(): Promise<void> => {
    const counts: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      counts.push(beginAll(10));
      await turn();
    }
    expect(counts).toEqual([ 16, 8, 4, 2, 1, 1, 1, 1 ]);
  });

  it('gives deliveries little time while a request waits, half of it while requests always do, and all of it before and after.', async(): Promise<void> => {
    // Each delivery takes a millisecond.
    for (let index = 0; index < 300; index += 1) {
      beginAll(1);
      await turn();
    }
    const answered = [ admission.request(), admission.request() ];
    const begunIn = async(milliseconds: number): Promise<number> => {
      let begun = 0;
      for (let passed = 0; passed < milliseconds; passed += 1) {
        time += 1;
        if (admission.mayBegin()) {
          admission.begin();
          begun += 1;
        }
        await turn();
      }
      return begun;
    };
    expect(await begunIn(10)).toBeLessThanOrEqual(2);
    const begun = await begunIn(2_000);
    expect(begun).toBeGreaterThan(900);
    expect(begun).toBeLessThan(1_100);
    answered[0]();
    answered[0]();
    expect(admission.mayBegin()).toBe(false);
    answered[1]();
    expect(beginAll()).toBeGreaterThan(0);
  });

  it('does not save up time.', async(): Promise<void> => {
    const answered = admission.request();
    time += 100_000;
    expect(beginAll()).toBe(2);
    answered();
  });

  it('does not count a request for long that is not answered.', (): void => {
    jest.useFakeTimers();
    try {
      const answered = admission.request();
      expect(admission.mayBegin()).toBe(false);
      jest.advanceTimersByTime(1_000);
      expect(admission.mayBegin()).toBe(true);
      answered();
      expect(admission.mayBegin()).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });

  it('calls back once when more may begin.', async(): Promise<void> => {
    const ready = jest.fn();
    beginAll();
    admission.whenReady(ready);
    expect(ready).not.toHaveBeenCalled();
    await turn();
    expect(ready).toHaveBeenCalledTimes(1);
    await turn();
    expect(ready).toHaveBeenCalledTimes(1);
    const answered = admission.request();
    admission.whenReady(ready);
    admission.whenReady(ready);
    await new Promise((resolve): unknown => setTimeout(resolve, 20));
    expect(ready).toHaveBeenCalledTimes(2);
    answered();
  });
});
