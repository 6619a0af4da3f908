import fc from 'fast-check';
import { grant } from '../util/access';
import { createApiKey } from '../util/accounts';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

const PATTERNS = [ 'realestate/contact#add', 'realestate/contact', 'realestate/*', '*' ];
const TOPICS = [ 'realestate/contact#add', 'realestate/contact', 'realestate/offer/new#add', 'other/thing#x', 'system' ];

/** What holds for a moment: who may do what below two containers, and what is followed. */
interface Setting {
  readonly publishes: readonly [ boolean, boolean ];
  readonly reads: readonly [ boolean, boolean ];
  readonly patterns: readonly string[];
}

// What a precheck promises, publishing keeps; and what it does not, publishing does not.
describe('What is promised', (): void => {
  let scene: Scene;
  let keys: { producer: string; user: string };
  const entries = new Map<string, string>();
  const types = new Map<string, unknown>();
  let puts = 0;
  const inboxOf = (pattern: string): string => `${scene.subscriber.pod}follows-${PATTERNS.indexOf(pattern)}/`;

  const send = async(url: string, body: unknown, key: string): Promise<any> => {
    const response = await post(fetch, url, body, { 'content-type': 'application/json', 'x-api-key': key });
    return { status: response.status, body: await response.json() };
  };

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { producer, user, subscriber, server: { baseUrl }} = scene;
    keys = { producer: (await createApiKey(baseUrl, producer.webId)).key, user: (await createApiKey(baseUrl, user.webId)).key };
    for (const container of [ ...PATTERNS.map(inboxOf), `${user.pod}sentinel/` ]) {
      const { fetch } = container.startsWith(user.pod) ? user : subscriber;
      await fetch(container, { method: 'PUT', headers: { 'content-type': 'text/turtle' }});
    }
    const followed = await send(`${user.pod}subscriptions/`, { topic: 'sentinel/x', inbox: `${user.pod}sentinel/` }, keys.user);
    const system = await send(`${user.pod}system`, {
      name: 'CRM', identifier: 'crm', class: 'producer', type: 'app', description: 'Knows contacts.',
    }, keys.user);
    expect([ followed.status, system.status ]).toEqual([ 201, 201 ]);
    for (const topic of TOPICS) {
      const { body: { content }} = await send(`${user.pod}event`, {
        system_id: system.body.content.id, name: topic, operation: 'new', description: '', topic,
      }, keys.user);
      entries.set(topic, content.identifier);
    }
  });

  afterAll(async(): Promise<void> => scene.end());

  /** Brings a setting about. */
  async function set({ publishes, reads, patterns }: Setting): Promise<void> {
    const { producer, user, subscriber } = scene;
    const url = `${user.pod}subscriptions/`;
    const readAll = async(): Promise<void> => grant(user, `${user.pod}topics/`, { [subscriber.webId]: [ 'Read' ]});
    await user.fetch(`${user.pod}topics/realestate/contact/.acl`, { method: 'DELETE' });
    await readAll();
    const listing = await (await subscriber.fetch(url, { headers: { accept: 'application/json' }})).json();
    for (const { id } of listing.contains) {
      await subscriber.fetch(id, { method: 'DELETE' });
    }
    for (const pattern of patterns) {
      const { status } = await post(subscriber.fetch, url, { topic: pattern, inbox: inboxOf(pattern) });
      expect(status).toBe(201);
    }
    for (const [ index, path ] of [ 'topics/', 'topics/realestate/contact/' ].entries()) {
      await grant(user, `${user.pod}${path}`, {
        ...publishes[index] && { [producer.webId]: [ 'Append' ]},
        ...reads[index] && { [subscriber.webId]: [ 'Read' ]},
      });
    }
  }

  /** Waits until what was accepted by now is forwarded: a pod forwards in order. */
  async function settled(): Promise<void> {
    const { user } = scene;
    const { body: { id }} = await send(`${user.pod}publish/`, { recipient: user.webId, topic: 'sentinel/x', data: 1 }, keys.user);
    const copy = `${user.pod}sentinel/${id.split('/').at(-1)}`;
    await eventually(async(): Promise<true | undefined> => (await user.fetch(copy)).status === 200 || undefined);
  }

  /** The names of all copies that the subscriber has. */
  const copies = async(): Promise<string[]> => {
    const found = await Promise.all(PATTERNS.map(async(pattern): Promise<string[]> => members(scene.subscriber, inboxOf(pattern))));
    return found.flat().map((url): string => url.split('/').at(-1)!);
  };

  /** The producer-given types of all copies that the subscriber has. */
  const copiedTypes = async(): Promise<unknown[]> => {
    const found = await Promise.all(PATTERNS.map(async(pattern): Promise<string[]> => members(scene.subscriber, inboxOf(pattern))));
    const documents = found.flat().map(async(url): Promise<any> => {
      if (!types.has(url)) {
        types.set(url, (await (await scene.subscriber.fetch(url, { headers: { accept: 'application/ld+json' }})).json())['events:ce-type']);
      }
      return types.get(url);
    });
    return Promise.all(documents);
  };

  const setting: fc.Arbitrary<Setting> = fc.record({
    publishes: fc.tuple(fc.boolean(), fc.boolean()),
    reads: fc.tuple(fc.boolean(), fc.boolean()),
    patterns: fc.subarray(PATTERNS),
  });

  it('is what comes of it, in each dialect.', async(): Promise<void> => {
    const { producer, user, server: { baseUrl }} = scene;
    await fc.assert(fc.asyncProperty(setting, async(state): Promise<void> => {
      await set(state);
      const events = TOPICS.map((topic): object => ({ recipient: user.webId, topic, data: { topic }}));
      const { body: prechecked } = await send(`${baseUrl}v1/user/events/check`, { sources: TOPICS.map((topic): object => {
        const [ channel, ...rest ] = topic.split('/');
        return { channel_id: channel, ...rest.length > 0 && { source_name: rest.join('/') }};
      }) }, keys.producer);
      const { body: checked } = await send(`${producer.pod}publish/check`, events, keys.producer);
      const published = [];
      const sent = [];
      const put: { type: string; result: any }[] = [];
      for (const [ index, topic ] of TOPICS.entries()) {
        published.push(await send(`${producer.pod}publish/`, events[index], keys.producer));
        sent.push(await send(`${user.pod}event/send?event-identifier=${entries.get(topic)!}`, { topic }, keys.producer));
        const [ channel, ...rest ] = topic.split('/');
        const path = rest.length > 0 ? `v1/user/channels/${channel}/events` : 'v1/user/events';
        const type = `put-${puts += 1}`;
        const { body: { events: [ result ]}} = await send(`${baseUrl}${path}`, {
          events: [{ specversion: '1.0', id: type, source: rest.length > 0 ? rest.join('/') : channel, type }],
        }, keys.producer);
        put.push({ type, result });
      }
      await settled();
      const landed = await copies();
      const putTypes = await copiedTypes();
      for (const [ index, topic ] of TOPICS.entries()) {
        const { status, body } = published[index];
        const copiesOfIt = status === 201 ? landed.filter((name): boolean => body.id.endsWith(name)).length : 0;
        const result = prechecked.sources[index];
        expect([ topic, result.check_result ]).toEqual([ topic, copiesOfIt > 0 ]);
        expect([ topic, checked.events[index].accepted ]).toEqual([ topic, status === 201 ]);
        if (status === 201) {
          expect([ topic, checked.events[index].subscriptions ]).toEqual([ topic, copiesOfIt ]);
          expect([ topic, sent[index].body.code ]).toEqual([ topic, copiesOfIt > 0 ? 200_000 : 200_310 ]);
        } else {
          expect([ topic, checked.events[index].error, sent[index].status ]).toEqual([ topic, body.error, 403 ]);
        }
        // PutEvents does everything that the precheck promises.
        const copiesOfPut = putTypes.filter((type): boolean => type === put[index].type).length;
        expect([ topic, put[index].result.error_code ]).toEqual([ topic, status === 201 ? null : 'EG.00512000' ]);
        expect([ topic, copiesOfPut ]).toEqual([ topic, copiesOfIt ]);
        if (copiesOfIt > 0) {
          expect(result.check_detail).toContain(String(copiesOfIt));
        }
      }
      expect(checked.accepted).toBe(published.every(({ status }): boolean => status === 201));
      expect(prechecked.failed_count).toBe(prechecked.sources.filter((one: any): boolean => !one.check_result).length);
    }), { numRuns: 7, endOnFailure: true });
  });
});
