import { v7 } from 'uuid';
import { Subscriber } from '../../../src/subscription/Subscriber';
import { TooMany } from '../../../src/event/TooMany';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { subscriptionsOf } from '../../contract/fixtures';

const POD = 'http://localhost/user/';
const ALICE = 'https://alice.example/card#me';
const webhook = 'https://hooks.example/';

describe('Who follows a topic by a webhook', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  const store = new SqliteEventStore(session);
  const ask = jest.fn(async(): Promise<{ rate?: number }> => ({ rate: 60 }));
  const subscriber = new Subscriber(
    store,
    { allowed: async(_caller, resources): Promise<Set<string>> => new Set(resources) },
    { canonical: (url: string): string => url } as any,
    {} as any,
    { request: ask, newSecret: (): string => v7() },
    new SqliteDeliveryStore(session),
    [],
  );

  beforeAll(async(): Promise<void> => store.registerPod(POD));

  afterAll((): void => session.close());

  it('has it asked in the own name.', async(): Promise<void> => {
    const { subscription, secret } = await subscriber.subscribe(POD, { agent: ALICE }, { pattern: '*', webhook });
    expect(ask).toHaveBeenLastCalledWith(webhook, ALICE);
    expect(secret).toBeDefined();
    expect(await subscriber.list(POD, { agent: ALICE })).toMatchObject({ subscriptions: [{ id: subscription.id, webhook }]});
  });

  it('does not where it is asked too often.', async(): Promise<void> => {
    ask.mockRejectedValueOnce(new TooMany('wait', 60));
    await expect(subscriber.subscribe(POD, { agent: ALICE }, { pattern: 'other/*', webhook })).rejects.toThrow(TooMany);
    expect(await subscriptionsOf(store, POD)).toHaveLength(1);
  });
});
