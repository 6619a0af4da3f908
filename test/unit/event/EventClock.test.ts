import { EventClock } from '../../../src/event/EventClock';

describe('An EventClock', (): void => {
  let time: number;
  const clock = (): EventClock => new EventClock((): number => time);

  it('never goes back, whatever the clock of the machine does.', (): void => {
    const events = clock();
    let last = { id: '', published: 0 };
    for (const moment of [ 1_000, 1_000, 2_000, 500, 500, -5, 2_000, 2_001, 1e12, 7 ]) {
      time = moment;
      for (let count = 0; count < 50; count += 1) {
        const next = events.next();
        expect(next.id > last.id).toBe(true);
        expect(next.published).toBeGreaterThanOrEqual(last.published);
        expect(next.published).toBeGreaterThanOrEqual(moment);
        last = next;
      }
    }
  });

  it('goes on after what is stored, and with the clock where that is ahead.', (): void => {
    time = 5_000;
    const behind = clock();
    behind.startAfter(3_600_000);
    behind.startAfter(7);
    const first = behind.next();
    expect(first.published).toBe(3_600_001);
    expect(behind.next()).toMatchObject({ published: 3_600_001 });
    time = 4_000_000;
    expect(behind.next().published).toBe(4_000_000);
    const ahead = clock();
    ahead.startAfter(1);
    expect(ahead.next().published).toBe(4_000_000);
  });

  it('goes on with the next millisecond when one has no more ids.', (): void => {
    time = 9;
    const events = clock();
    const { id } = events.next();
    (events as unknown as { sequence: number }).sequence = (2 ** 32) - 2;
    expect(events.next().published).toBe(9);
    const next = events.next();
    expect(next.published).toBe(10);
    expect(next.id > id).toBe(true);
  });
});
