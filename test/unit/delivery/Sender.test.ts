import type { InboxFinder, Pods } from '../../../src/publish/ports';
import { Sender } from '../../../src/delivery/Sender';
import type { SigningAgent } from '../../../src/identity/SigningAgent';
import type { Outgoing } from '../../../src/outgoing/Outgoing';
import type { ClaimedDelivery } from '../../../src/store/DeliveryStore';
import { SqliteDeliveryStore } from '../../../src/store/sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store/sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store/sqlite/SqliteSession';
import { anEvent } from '../../contract/eventStoreContract';

const ANN = 'https://away.example/ann#me';
const BOB = 'https://away.example/bob#me';
const HERE = 'http://localhost/user/profile/card#me';

describe('What a recipient on another server follows', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  const store = new SqliteDeliveryStore(session);
  const pods: Pods = {
    podOf: async(webId): ReturnType<Pods['podOf']> => webId === HERE ? { pod: 'http://localhost/user/' } : { reason: 'elsewhere' },
  };
  const sender = new Sender(store, {} as Outgoing, {} as SigningAgent, {} as InboxFinder, pods, 'localhost');
  const isSentByOrigin = async(kind: string, agent: string): Promise<boolean> =>
    sender.isSentByOrigin({ kind, agent, event: 1 } as unknown as ClaimedDelivery);

  beforeAll(async(): Promise<void> => {
    const event = anEvent();
    const members = JSON.stringify({ ...JSON.parse(event.members), recipient: [ ANN, HERE ], source: BOB });
    await new SqliteEventStore(session).accept([{ event: { ...event, members }, forwards: []}]);
  });

  afterAll((): void => session.close());

  it('is sent to it by the server where it was published.', async(): Promise<void> => {
    expect(await isSentByOrigin('inbox', ANN)).toBe(true);
    expect(await isSentByOrigin('inbox', BOB)).toBe(true);
  });

  it('is forwarded to webhooks, to others, and to inboxes elsewhere of those who are here.', async(): Promise<void> => {
    expect(await isSentByOrigin('webhook', ANN)).toBe(false);
    expect(await isSentByOrigin('recipient', ANN)).toBe(false);
    expect(await isSentByOrigin('inbox', 'https://away.example/eve#me')).toBe(false);
    expect(await isSentByOrigin('inbox', HERE)).toBe(false);
  });
});
