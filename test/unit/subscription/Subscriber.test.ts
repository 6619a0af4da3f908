import { Subscriber } from '../../../src/subscription/Subscriber';
import { TooMany } from '../../../src/event/TooMany';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import type { Containers, SubscribableTarget } from '../../../src/subscription/ports';
import { WebhookSubscription } from '../../../src/targets/webhook/WebhookSubscription';
import { subscriptionsOf } from '../../contract/fixtures';

const POD = 'http://localhost/user/';
const ALICE = 'https://alice.example/card#me';
const webhook = 'https://hooks.example/';

describe('Who follows a topic by a webhook', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  const store = new SqliteEventStore(session);
  const ask = jest.fn(async(): Promise<{ rate?: number }> => ({ rate: 60 }));
  const target = new WebhookSubscription({ canonical: (url: string): string => url } as unknown as Containers, { request: ask });
  const subscriber = new Subscriber({
    store,
    access: { allowed: async(_caller, resources): Promise<Set<string>> => new Set(resources) },
    targets: { subscribable: (): Map<string, SubscribableTarget> => new Map([[ 'webhook', target ]]) },
    secrets: new SqliteDeliveryStore(session),
    listeners: [],
  });

  beforeAll(async(): Promise<void> => store.registerPod(POD));

  afterAll((): void => session.close());

  it('has it asked in the own name.', async(): Promise<void> => {
    const { subscription, secret } = await subscriber.subscribe(POD, { agent: ALICE }, { pattern: '*', kind: 'webhook', url: webhook });
    expect(ask).toHaveBeenLastCalledWith(webhook, ALICE);
    expect(secret).toBeDefined();
    expect(await subscriber.list(POD, { agent: ALICE })).toMatchObject({ subscriptions: [{ id: subscription.id, kind: 'webhook', url: webhook }]});
  });

  it('does not where it is asked too often.', async(): Promise<void> => {
    ask.mockRejectedValueOnce(new TooMany('wait', 60));
    await expect(subscriber.subscribe(POD, { agent: ALICE }, { pattern: 'other/*', kind: 'webhook', url: webhook })).rejects.toThrow(TooMany);
    expect(await subscriptionsOf(store, POD)).toHaveLength(1);
  });
});
