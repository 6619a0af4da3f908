import { readdirSync, writeFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import { READ_PUBLISH } from '../../../src/dialects/yodata/parsePublish';
import { ContextLoader } from '../../../src/event/ContextLoader';
import { eventClock } from '../../../src/event/EventClock';
import { createEvent } from '../../../src/event/EventDocument';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { Busy, ClientDisconnected, TooComplex } from '../../../src/work/errors';
import { textOf, WRITE_EVENT } from '../../../src/event/eventTasks';
import { TASKS } from '../../../src/server/tasks';
import type { JobOutcome, Task } from '../../../src/work/Work';
import type { WorkPoolArgs } from '../../../src/work/WorkPool';
import { WorkPool } from '../../../src/work/WorkPool';
import { CREATE_EVENTS } from '../../../src/publish/EventFactory';
import { eventually } from '../../util/wait';

const LARGE = { size: 1, isCostly: true };
/** Its function is that of the thread. */
const DO: Task<string, string> = {
  name: 'do',
  run: (): string => {
    throw new Error('This task runs in a worker thread only');
  },
};

describe('A WorkPool', (): void => {
  const contexts = new ContextLoader({ 'https://context.example/': join(process.env.TEST_RUN_FOLDER!, 'context.jsonld') });
  let pool: WorkPool;
  let outcomes: JobOutcome[];
  let refused: number;
  let waiting: number[];
  let client: AbortController;
  let current: AbortController | undefined;

  const start = (args: Partial<WorkPoolArgs> = {}): void => {
    outcomes = [];
    refused = 0;
    waiting = [];
    pool = new WorkPool({
      contexts,
      clients: { signal: (): AbortSignal | undefined => current?.signal },
      meter: {
        jobEnded: (outcome): unknown => outcomes.push(outcome),
        jobRefused: (): unknown => refused += 1,
        jobsWaiting: (jobs): unknown => waiting.push(jobs),
      },
      workerFile: join(__dirname, '../../util/crashingWorker.js'),
      timeLimit: 60,
      ...args,
    });
  };
  const run = async(input: string): Promise<string> => pool.run(DO, input, LARGE);
  /** Begins a job that does not end by itself; what it throws. */
  const loop = async(): Promise<Error> => run('loop').then((): never => {
    throw new Error('It ended');
  }, (error: unknown): Error => error as Error);
  const settled = async(jobs: readonly Promise<Error>[]): Promise<string[]> =>
    (await Promise.all(jobs)).map(({ constructor: { name }}): string => name);
  const untilRunning = async(jobs: number): Promise<unknown> =>
    eventually(async(): Promise<true | undefined> => Reflect.get(pool, 'running').size === jobs || undefined);

  beforeEach((): void => {
    client = new AbortController();
    current = undefined;
  });

  afterEach(async(): Promise<void> => pool.stop());

  it('runs small work at once, in its own thread.', async(): Promise<void> => {
    start({ workerFile: undefined });
    const { items } = await pool.run(READ_PUBLISH, '{"topic":"a"}', { size: 13 });
    expect(items).toEqual([ 'No recipient found' ]);
    expect(outcomes).toEqual([]);
  });

  it('passes bytes on from a thread of lower priority.', async(): Promise<void> => {
    start({ workerFile: undefined });
    const event = await createEvent({ topic: 'a', recipients: [], sources: [], data: `"${'x'.repeat(200_000)}"` }, 'https://pod.example/', undefined, new ContextLoader());
    const input = { event: textOf(event), type: 'text/turtle' };
    const pieces = await pool.run(WRITE_EVENT, input, LARGE);
    expect(Buffer.concat(pieces).toString()).toBe(Buffer.concat(await WRITE_EVENT.run(input, { contexts })).toString());
    const threads = readdirSync('/proc/self/task').map((id): number => getPriority(Number(id)));
    expect(threads).toContain(constants.priority.PRIORITY_BELOW_NORMAL);
    expect(getPriority()).toBe(constants.priority.PRIORITY_NORMAL);
  });

  it('runs large work in a worker thread, with the same result.', async(): Promise<void> => {
    writeFileSync(join(process.env.TEST_RUN_FOLDER!, 'context.jsonld'), '{"@context":{"name":"http://x.example/name"}}');
    start({ workerFile: undefined });
    const text = JSON.stringify({ recipient: 'https://a.example/', topic: 'a', data: 'x'.repeat(20_000) });
    const { items } = await pool.run(READ_PUBLISH, text, { size: text.length });
    expect(items).toEqual((await READ_PUBLISH.run(text, { contexts })).items);
    const draft = { topic: 'a', recipients: [], sources: [], data: '{"@context":"https://context.example/","name":"Bruce"}' };
    const [ event ] = await pool.run(CREATE_EVENTS, { drafts: [ draft ], pod: 'https://a.example/', stamps: [ eventClock.next() ]}, LARGE);
    expect(event).toMatchObject({ topic: 'a', members: expect.stringContaining('Bruce') });
    await expect(pool.run(READ_PUBLISH, '[]', LARGE)).rejects.toThrow(InvalidInput);
    expect(outcomes).toEqual([ 'done', 'done', 'invalid' ]);
  });

  it('has a task for each name.', (): void => {
    start();
    expect(TASKS.size).toBe(20);
    expect([ ...TASKS ].filter(([ name, task ]): boolean => name !== task.name)).toEqual([]);
  });

  it.each([ 'loop', 'backtrack' ])('ends a job (%s) at its time limit, and takes the next one.', async(input): Promise<void> => {
    start({ timeLimit: 0.2 });
    await expect(run(input)).rejects.toThrow('The content is too complex to be processed within 0.2 s');
    await expect(run(input)).rejects.toThrow(TooComplex);
    await expect(pool.run(DO, input, { ...LARGE, maxTime: 0.05 })).rejects.toThrow('within 0.05 s');
    expect(await run('x')).toBe('x');
    expect(outcomes).toEqual([ 'too-complex', 'too-complex', 'too-complex', 'done' ]);
  });

  it('ends a job that needs too much memory, and takes the next one.', async(): Promise<void> => {
    start({ maxHeap: 16 });
    await expect(run('allocate')).rejects.toThrow(TooComplex);
    expect(await run('x')).toBe('x');
  });

  it('outlives the end of a thread and the errors of a task.', async(): Promise<void> => {
    start();
    await expect(run('exit')).rejects.toThrow('worker exited with code: 3');
    await expect(run('throw')).rejects.toThrow('a bug');
    expect(await run('x')).toBe('x');
    expect(outcomes).toEqual([ 'failed', 'failed', 'done' ]);
  });

  it('has two threads and a queue, and refuses what is beyond.', async(): Promise<void> => {
    start({ maxQueue: 2 });
    const jobs = Array.from({ length: 4 }, loop);
    await expect(run('x')).rejects.toThrow(Busy);
    await expect(run('x')).rejects.toThrow('try again in 5 seconds');
    expect([ refused, waiting ]).toEqual([ 2, [ 1, 2 ]]);
    await pool.stop();
    expect(await settled(jobs)).toEqual([ 'Busy', 'Busy', 'Busy', 'Busy' ]);
    await expect(run('x')).rejects.toThrow('The server is stopping');
    expect(outcomes).toEqual([ 'stopped', 'stopped', 'stopped', 'stopped' ]);
  });

  it('bounds the content that waits, and how long it does.', async(): Promise<void> => {
    start({ maxQueueLength: 1, maxWait: 0.1 });
    const jobs = [ loop(), loop() ];
    await expect(pool.run(DO, 'x', { size: 1_048_577 })).rejects.toThrow(Busy);
    expect(waiting).toEqual([]);
    await expect(pool.run(DO, 'x', { size: 1_048_576 })).rejects.toThrow(Busy);
    await expect(pool.run(DO, 'x', { ...LARGE, maxWait: 0 })).rejects.toThrow(Busy);
    expect([ refused, waiting ]).toEqual([ 3, [ 1, 0, 1, 0 ]]);
    await pool.stop();
    await settled(jobs);
  });

  it('ends jobs, running and waiting, when their client disconnects, and no others.', async(): Promise<void> => {
    start();
    current = client;
    const shared = pool.run(DO, 'loop', { ...LARGE, isShared: true }).catch((error: unknown): unknown => error) as Promise<Error>;
    const jobs = [ loop(), loop(), loop() ];
    current = undefined;
    const other = run('x');
    await untilRunning(2);
    client.abort();
    expect(await settled(jobs)).toEqual([ 'ClientDisconnected', 'ClientDisconnected', 'ClientDisconnected' ]);
    expect(await other).toBe('x');
    current = client;
    await expect(run('x')).rejects.toThrow(ClientDisconnected);
    expect(outcomes.filter((outcome): boolean => outcome === 'disconnected')).toHaveLength(4);
    await pool.stop();
    expect(await settled([ shared ])).toEqual([ 'Busy' ]);
  });

  it('runs what waits in its order.', async(): Promise<void> => {
    start({ maxThreads: 1 });
    const order: string[] = [];
    await Promise.all([ 'a', 'b', 'c', 'd' ].map(async(input): Promise<unknown> => order.push(await run(input))));
    expect(order).toEqual([ 'a', 'b', 'c', 'd' ]);
    expect(waiting).toEqual([ 1, 2, 3, 2, 1, 0 ]);
  });

  it('fails jobs if a thread cannot start, and is not made without its file.', async(): Promise<void> => {
    const broken = join(process.env.TEST_RUN_FOLDER!, 'broken.js');
    writeFileSync(broken, 'throw new Error("broken");');
    start({ workerFile: broken });
    await expect(run('x')).rejects.toThrow('broken');
    expect((): unknown => new WorkPool({ contexts, workerFile: join(broken, 'none') })).toThrow('npm run build');
  });
});
