import { Tasks } from '../../../src/delivery/Tasks';

describe('Tasks', (): void => {
  it('settle after all tasks, including those that a task adds.', async(): Promise<void> => {
    const tasks = new Tasks();
    const ended: string[] = [];
    await tasks.settle();
    let end: () => void = (): void => {};
    tasks.add(new Promise<void>((resolve): unknown => end = resolve).then((): void => {
      ended.push('first');
      tasks.add(new Promise<void>((resolve): unknown => setImmediate(resolve)).then((): unknown => ended.push('second')).then((): void => {}));
    }));
    expect(tasks.size).toBe(1);
    const settled = tasks.settle().then((): unknown => ended.push('settled'));
    await new Promise((resolve): unknown => setImmediate(resolve));
    expect(ended).toEqual([]);
    end();
    await settled;
    expect(ended).toEqual([ 'first', 'second', 'settled' ]);
    expect(tasks.size).toBe(0);
  });
});
