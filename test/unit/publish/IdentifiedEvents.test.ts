import type { EventDraft } from '../../../src/event/Event';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { IdentifiedEvents, storedIdentity } from '../../../src/publish/IdentifiedEvents';
import type { Published, PublishRequest } from '../../../src/publish/PublishRequest';
import { DuplicateEvent } from '../../../src/store/DuplicateEvent';

const POD = 'https://here.example/user/';
const draft = (id: string, fields: Partial<EventDraft> = {}): EventDraft =>
  ({ topic: 't', recipients: [], sources: [], identity: { source: 'urn:a', id }, ...fields });
const requestOf = (drafts: EventDraft[], agent?: string): PublishRequest =>
  ({ pod: POD, caller: { ...agent !== undefined && { agent }}, resource: `${POD}publish/`, drafts, isArray: true });
const noRepeat = async(): Promise<void> => undefined;

describe('Events with an identity', (): void => {
  let stored: Map<string, { id: string; fingerprint: string }>;
  let events: IdentifiedEvents;
  const keep = (id: string, one: EventDraft): void => {
    const { hash, fingerprint } = storedIdentity(one)!;
    stored.set(hash, { id, fingerprint });
  };
  const publish = async({ drafts }: PublishRequest, complete: (published: Published) => Published): Promise<Published> => {
    drafts.forEach((one): void => keep(`new ${one.identity!.id}`, one));
    return complete({ events: drafts.map((one) => ({ id: `new ${one.identity!.id}`, pod: POD })) });
  };

  beforeEach((): void => {
    stored = new Map();
    events = new IdentifiedEvents({
      findIdentified: async(_pod, _agent, hashes): Promise<typeof stored> => new Map([ ...stored ].filter(([ hash ]): boolean => hashes.includes(hash))),
    });
  });

  it('are looked up again after another process has stored one.', async(): Promise<void> => {
    let calls = 0;
    const { events: found, repeated } = await events.run(requestOf([ draft('1'), draft('2') ], 'a'), noRepeat, async(request, complete) => {
      calls += 1;
      if (calls === 1) {
        keep('other', draft('1'));
        throw new DuplicateEvent();
      }
      return publish(request, complete);
    });
    expect([ found, repeated, calls ]).toEqual([[{ id: 'other', pod: POD }, { id: 'new 2', pod: POD }], [ 0 ], 2 ]);
  });

  it('are not looked up without end.', async(): Promise<void> => {
    let calls = 0;
    await expect(events.run(requestOf([ draft('1') ], 'a'), noRepeat, async(): Promise<never> => {
      calls += 1;
      throw new DuplicateEvent();
    })).rejects.toThrow(DuplicateEvent);
    expect(calls).toBe(3);
  });

  it('have the index of the request in errors, also if earlier ones are known.', async(): Promise<void> => {
    keep('old', draft('1'));
    await expect(events.run(requestOf([ draft('1'), draft('2'), draft('3') ], 'a'), noRepeat, async(): Promise<never> => {
      throw new InvalidInput('wrong').at(1);
    })).rejects.toMatchObject({ message: '[2]: wrong', index: 2 });
  });

  it('are not returned to a caller that may not repeat them.', async(): Promise<void> => {
    keep('old', draft('1'));
    const run = async(agent?: string): Promise<Published> => events.run(requestOf([ draft('1') ], agent), async(): Promise<never> => {
      throw new Error('refused');
    }, publish);
    await expect(run('a')).rejects.toThrow('refused');
    expect(await run()).toEqual({ events: [{ id: 'new 1', pod: POD }]});
  });

  it('run at the same time unless they share an identity.', async(): Promise<void> => {
    const running = new Set<string>();
    let most = 0;
    const results = await Promise.all([ [ '1', '2' ], [ '2', '3' ], [ '3', '1' ], [ '4' ] ].map(async(ids): Promise<Published> =>
      events.run(requestOf(ids.map((id): EventDraft => draft(id)), 'a'), noRepeat, async(request, complete): Promise<Published> => {
        for (const { identity } of request.drafts) {
          expect(running.has(identity!.id)).toBe(false);
          running.add(identity!.id);
        }
        most = Math.max(most, running.size);
        await new Promise((resolve): unknown => setImmediate(resolve));
        request.drafts.forEach(({ identity }): unknown => running.delete(identity!.id));
        return publish(request, complete);
      })));
    expect(most).toBe(3);
    expect(results.map(({ repeated }): unknown => repeated)).toEqual([ undefined, [ 0 ], [ 0, 1 ], undefined ]);
  });

  it('have a fingerprint of their content, whatever the order of their attributes is.', (): void => {
    const one = draft('1', { annotations: { subject: 's', 'events:ce-a': 'x', 'events:ce-b': 'y' }, data: '1' });
    const { annotations, ...rest } = one;
    const reversed = Object.fromEntries(Object.entries(annotations!).reverse()) as EventDraft['annotations'];
    expect(storedIdentity({ ...rest, annotations: reversed })).toEqual(storedIdentity(one));
    for (const fields of [{ data: '1.0' }, { data: undefined }, { topic: 'u' }, { recipients: [ 'x' ]}, { sources: [ 'x' ]}, { annotations: {}}]) {
      const other = storedIdentity({ ...one, ...fields })!;
      expect(other.hash).toBe(storedIdentity(one)!.hash);
      expect(other.fingerprint).not.toBe(storedIdentity(one)!.fingerprint);
    }
    expect(storedIdentity(draft('1', { identity: { source: 'urn:a1', id: '' }}))!.hash).not.toBe(storedIdentity(draft('1'))!.hash);
    expect(storedIdentity({ topic: 't', recipients: [], sources: []})).toBeUndefined();
  });
});
