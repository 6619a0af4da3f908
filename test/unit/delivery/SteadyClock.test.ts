import { SteadyClock } from '../../../src/delivery/SteadyClock';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const TODAY = Date.UTC(2026, 0, 1);

describe('The clock of deliveries', (): void => {
  let session: SqliteSession;
  let store: SqliteDeliveryStore;
  let messages: string[];
  /** The time of day, and that which the machine has counted. */
  let day: number;
  let counted: number;

  const startClock = async(): Promise<SteadyClock> => {
    const clock = new SteadyClock(store, (message): unknown => messages.push(message));
    await clock.start();
    return clock;
  };
  const pass = (milliseconds: number): void => {
    day += milliseconds;
    counted += milliseconds;
  };
  /** Works for some time, looking for deliveries each second. */
  const work = (clock: SteadyClock, seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      pass(SECOND);
      clock.tick();
    }
  };

  beforeEach((): void => {
    session = new SqliteSession(IN_MEMORY);
    store = new SqliteDeliveryStore(session);
    [ messages, day, counted ] = [ [], TODAY, 5_000 ];
    jest.spyOn(Date, 'now').mockImplementation((): number => day);
    jest.spyOn(performance, 'now').mockImplementation((): number => counted);
  });

  afterEach((): void => {
    jest.restoreAllMocks();
    session.close();
  });

  it('counts only the time in which it was worked, over restarts.', async(): Promise<void> => {
    const first = await startClock();
    work(first, 90);
    await first.note();
    expect(first.workTime()).toBe(90 * SECOND);
    pass(9 * DAY);
    const second = await startClock();
    expect(second.workTime()).toBe(90 * SECOND);
    expect(second.now()).toBe(day);
    work(second, 10);
    // Suspended, or busy with something else.
    pass(DAY);
    second.tick();
    expect(second.workTime()).toBe(105 * SECOND);
    await second.note();
    await second.note();
    expect(await store.workTime()).toBe(105 * SECOND);
    expect(messages).toEqual([ expect.stringContaining('9 days ago') ]);
  });

  it('is not changed by a clock that was 40 days ahead for ten seconds.', async(): Promise<void> => {
    const first = await startClock();
    work(first, 60);
    await first.note();
    day += 40 * DAY;
    const ahead = await startClock();
    work(ahead, 10);
    await ahead.note();
    expect(ahead.now()).toBe(day);
    day -= 40 * DAY;
    const after = await startClock();
    expect(after.now()).toBe(day);
    expect(after.workTime()).toBe(70 * SECOND);
    expect(messages).toEqual([ expect.stringContaining('40 days ago'), expect.stringContaining('40 days behind') ]);
    await after.note();
    expect(await store.moment()).toBe(day);
    expect(messages).toHaveLength(2);
  });

  it('knows of a clock that was 40 days ahead in a run that was killed before it noted anything.', async(): Promise<void> => {
    day += 40 * DAY;
    const ahead = await startClock();
    work(ahead, 10);
    day -= 40 * DAY;
    const turnBack = jest.spyOn(store, 'turnBack');
    const after = await startClock();
    expect(turnBack).toHaveBeenCalledWith(day, 40 * DAY - 10 * SECOND);
    expect(after.now()).toBe(day);
    expect(await store.moment()).toBe(day);
    expect(messages).toEqual([ expect.stringContaining('40 days behind') ]);
  });

  it('starts although the time cannot be noted, and says so.', async(): Promise<void> => {
    jest.spyOn(store, 'noteMoment').mockRejectedValueOnce(new Error('disk full'));
    const clock = await startClock();
    expect(clock.now()).toBe(TODAY);
    expect(messages).toEqual([ 'Noting the time failed: disk full' ]);
  });

  it('does not go back a little, and says so.', async(): Promise<void> => {
    const first = await startClock();
    await first.note();
    day -= 60 * MINUTE;
    const second = await startClock();
    expect(second.now()).toBe(TODAY);
    expect(messages).toEqual([ expect.stringContaining('60 minutes behind') ]);
    day -= MINUTE;
    await startClock();
    day = TODAY - MINUTE;
    await startClock();
    expect(messages).toHaveLength(2);
  });

  it('tells when the clock of the machine was set, once.', async(): Promise<void> => {
    const clock = await startClock();
    work(clock, 60);
    await clock.note();
    day += 3 * DAY;
    await clock.note();
    await clock.note();
    day -= 3 * DAY;
    await clock.note();
    expect(messages).toEqual([ expect.stringContaining('was set by 3 days'), expect.stringContaining('was set by 3 days') ]);
    expect(clock.now()).toBe(TODAY + MINUTE);
  });

  it('counts the work again that could not be noted.', async(): Promise<void> => {
    const clock = await startClock();
    work(clock, 60);
    jest.spyOn(store, 'noteMoment').mockRejectedValueOnce(new Error('disk full'));
    await expect(clock.note()).rejects.toThrow('disk full');
    await clock.note();
    expect(await store.workTime()).toBe(60 * SECOND);
    expect(new SteadyClock(store).workTime()).toBe(0);
  });

  describe('in a process without the worker', (): void => {
    const MAX_BEHIND = 2 * DAY;

    it.each([ 1, 60 * MINUTE, MAX_BEHIND ])('advances to a noted time that is %d ms ahead.', async(ahead): Promise<void> => {
      const clock = new SteadyClock(store);
      await store.noteMoment(TODAY + ahead);
      await clock.adopt();
      expect(clock.now()).toBe(TODAY + ahead);
      pass(SECOND);
      expect(clock.now()).toBe(TODAY + ahead + SECOND);
      // The worker has noted nothing new.
      await clock.adopt();
      expect(clock.now()).toBe(TODAY + ahead + SECOND);
    });

    it.each([ 0, -SECOND, MAX_BEHIND + 1 ])('keeps its own time if the noted time is %d ms ahead.', async(ahead): Promise<void> => {
      const clock = new SteadyClock(store);
      await store.noteMoment(TODAY + ahead);
      await clock.adopt();
      expect(clock.now()).toBe(TODAY);
    });

    it('notes no time, and keeps its own if the store cannot be read.', async(): Promise<void> => {
      const clock = new SteadyClock(store);
      await clock.adopt();
      expect([ clock.now(), await store.moment() ]).toEqual([ TODAY, 0 ]);
      jest.spyOn(store, 'moment').mockRejectedValueOnce(new Error('disk'));
      await expect(clock.adopt()).rejects.toThrow('disk');
      expect(clock.now()).toBe(TODAY);
    });
  });
});
