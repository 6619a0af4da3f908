import { Conflict } from '../../../src/event/Conflict';
import { IdempotentRequests } from '../../../src/publish/IdempotentRequests';
import type { Published } from '../../../src/publish/PublishRequest';
import type { IdempotencyKey, StoredResponse } from '../../../src/store/idempotency';

const SENDER = { pod: 'http://localhost/producer/', caller: { agent: 'http://localhost/me#me' }};
const NAMED = { key: 'k', fingerprint: 'f' };

describe('Requests with an idempotency key', (): void => {
  let stored: Map<string, StoredResponse>;
  let requests: IdempotentRequests;
  const nameOf = ({ pod, agent, key }: IdempotencyKey): string => JSON.stringify([ pod, agent, key ]);
  const repeat = jest.fn(async(): Promise<void> => undefined);
  const run = jest.fn(async(key: IdempotencyKey): Promise<Published> => {
    const published = { events: [{ id: String(stored.size), pod: key.pod }]};
    await Promise.resolve();
    stored.set(nameOf(key), { fingerprint: key.fingerprint, result: JSON.stringify(published) });
    return published;
  });

  beforeEach((): void => {
    jest.clearAllMocks();
    stored = new Map();
    requests = new IdempotentRequests({ findResponse: async(key): Promise<StoredResponse | undefined> => stored.get(nameOf(key)) });
  });

  it('run once, also several at once, and their repeats get the stored response.', async(): Promise<void> => {
    const all = await Promise.all([ 1, 2, 3 ].map(async(): Promise<Published> => requests.run(SENDER, NAMED, repeat, run)));
    expect(all).toEqual([ all[0], all[0], all[0] ]);
    expect([ run.mock.calls.length, repeat.mock.calls.length ]).toEqual([ 1, 2 ]);
    expect(await requests.find(SENDER, 'k')).toMatchObject({ fingerprint: 'f' });
    expect(await requests.find({ ...SENDER, caller: {}}, 'k')).toBeUndefined();
  });

  it('run again if they failed.', async(): Promise<void> => {
    run.mockRejectedValueOnce(new Error('no'));
    const results = await Promise.allSettled([ requests.run(SENDER, NAMED, repeat, run), requests.run(SENDER, NAMED, repeat, run) ]);
    expect(results.map(({ status }): string => status)).toEqual([ 'rejected', 'fulfilled' ]);
  });

  it('are refused if the key was used for another request, or a repeat is not allowed.', async(): Promise<void> => {
    await requests.run(SENDER, NAMED, repeat, run);
    await expect(requests.run(SENDER, { key: 'k', fingerprint: 'other' }, repeat, run)).rejects.toThrow(Conflict);
    repeat.mockRejectedValueOnce(new Error('closed'));
    await expect(requests.run(SENDER, { key: 'k', fingerprint: 'other' }, repeat, run)).rejects.toThrow('closed');
    expect(run).toHaveBeenCalledTimes(1);
  });
});
