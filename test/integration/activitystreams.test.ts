import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestAgent } from '../util/accounts';
import { areIsomorphic, parseIndependently, parseStrictly } from '../util/rdf';
import type { Scene } from '../util/scene';
import { post, setScene } from '../util/scene';

const AS2 = 'https://www.w3.org/ns/activitystreams';
const EVENTS = 'https://w3id.org/pod-events#';
const ACTIVITY = 'application/activity+json';
const PROFILE = `application/ld+json; profile="${AS2}"`;
const TOPIC = 'realestate/contact#add';
const TERMS = JSON.stringify(JSON.parse(readFileSync(
  join(dirname(require.resolve('@solid/community-server/package.json')), 'templates/contexts/activitystreams.jsonld'), 'utf8',
))['@context']);
const HOSTILE = {
  '@context': { actor: `${AS2}#actor`, '@vocab': 'http://x.example/' }, actor: 'https://victim.example/#me', to: 'https://victim.example/#me',
  type: 'Delete', id: 'urn:x', 'events:topic': 'other', object: { type: 'Note', content: '</script>' },
};

describe('Events in the JSON form of ActivityStreams', (): void => {
  let scene: Scene;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
  });

  afterAll(async(): Promise<void> => scene.end());

  const publish = async(data: unknown): Promise<string> => {
    const { producer, user } = scene;
    const response = await post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, topic: TOPIC, data });
    expect(response.status).toBe(201);
    return response.headers.get('location')!;
  };
  const send = async(agent: TestAgent | undefined, body: unknown, type = ACTIVITY, path = 'publish/'): Promise<Response> =>
    (agent?.fetch ?? fetch)(`${scene.producer.pod}${path}`, {
      method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const activity = (members: object = {}): object => ({
    '@context': [ AS2, { events: EVENTS }], type: [ 'Activity', `${EVENTS}Event` ], actor: scene.producer.webId, to: [ scene.user.webId ],
    'events:topic': TOPIC, object: { type: 'AddAction' }, ...members,
  });

  it.each<[string, unknown]>([
    [ 'an object', { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' }}], [ 'a number', 5 ], [ 'a list', [ 1, 'x' ]],
    [ 'an object that is no linked data', { 'a b': 1 }], [ 'hostile members', HOSTILE ],
  ])('are returned for both media types, as event and as copy: %s.', async(_, data): Promise<void> => {
    const { producer, user } = scene;
    const event = await publish(data);
    const copy = `${user.pod}inbox/${event.slice(event.lastIndexOf('/') + 1)}`;
    const turtle = await (await producer.fetch(event, { headers: { accept: 'text/turtle' }})).text();
    for (const [ agent, url ] of [[ producer, event ], [ user, copy ]] as const) {
      for (const accept of [ ACTIVITY, PROFILE, `${ACTIVITY}, application/ld+json`, `${PROFILE}, ${ACTIVITY};q=0.5`, `text/html;q=0.4, ${ACTIVITY}` ]) {
        const response = await agent.fetch(url, { headers: { accept }});
        expect([ response.status, response.headers.get('content-type') ]).toEqual([ 200, accept.startsWith(PROFILE) ? PROFILE : ACTIVITY ]);
        const text = await response.text();
        const { '@context': context, object, published, ...members } = JSON.parse(text);
        expect(context).toEqual([ AS2, { events: EVENTS }]);
        expect(members).toEqual({
          id: event, type: [ 'Activity', `${EVENTS}Event` ], actor: producer.webId, to: [ user.webId ], origin: producer.pod, 'events:topic': TOPIC,
        });
        expect(new Date(published).toISOString()).toBe(published);
        expect(object).toEqual(expect.objectContaining({}));
        expect(Array.isArray(object)).toBe(false);
        expect(areIsomorphic(
          await parseIndependently(text.replace(`"${AS2}"`, TERMS), url), parseStrictly(turtle, 'text/turtle', url),
        )).toBe(true);
      }
    }
  });

  it('are not returned if another type is preferred or the type is not named.', async(): Promise<void> => {
    const event = await publish(1);
    for (const [ accept, type ] of [
      [ '*/*', 'application/ld+json' ], [ 'application/*', 'application/ld+json' ], [ 'application/ld+json', 'application/ld+json' ],
      [ `text/turtle, ${ACTIVITY};q=0.9`, 'text/turtle' ], [ `application/ld+json, ${PROFILE};q=0.5`, 'application/ld+json' ],
      [ 'application/ld+json; profile="https://other.example/"', 'application/ld+json' ],
    ]) {
      const response = await scene.producer.fetch(event, { headers: { accept }});
      expect([ accept, response.headers.get('content-type') ]).toEqual([ accept, type ]);
    }
  });

  it('have an entity tag of their own, for each media type.', async(): Promise<void> => {
    const event = await publish(1);
    const types = [ ACTIVITY, PROFILE, 'application/ld+json' ];
    const tags = await Promise.all(types.map(async(accept): Promise<string> =>
      (await scene.producer.fetch(event, { method: 'HEAD', headers: { accept }})).headers.get('etag')!));
    expect(new Set(tags).size).toBe(3);
    for (const [ index, accept ] of types.entries()) {
      for (const [ other, tag ] of tags.entries()) {
        const response = await scene.producer.fetch(event, { headers: { accept, 'if-none-match': tag }});
        expect([ accept, tag, response.status ]).toEqual([ accept, tag, index === other ? 304 : 200 ]);
      }
    }
  });

  it('are accepted with both media types, and have the same members again.', async(): Promise<void> => {
    for (const type of [ ACTIVITY, PROFILE, `application/ld+json;profile=${AS2}` ]) {
      const data = { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' }};
      const response = await send(scene.producer, activity({ id: 'https://a.example/1', published: '1999-01-01T00:00:00Z', object: data }), type);
      expect([ type, response.status ]).toEqual([ type, 201 ]);
      const event = response.headers.get('location')!;
      const document = await (await scene.producer.fetch(event)).json();
      expect(document).toMatchObject({ id: event, topic: TOPIC, publisher: scene.producer.webId, recipient: scene.user.webId, data });
      expect(Date.now() - Date.parse(document.published)).toBeLessThan(60 * 60_000);
      const returned = await (await scene.producer.fetch(event, { headers: { accept: type.replace(/=(https\S*)$/u, '="$1"') }})).text();
      const again = await send(scene.producer, returned, type);
      expect(again.status).toBe(201);
      const reposted = await (await scene.producer.fetch(again.headers.get('location')!)).json();
      expect(reposted).toEqual({ ...document, id: reposted.id, published: reposted.published });
      const checked = await send(scene.producer, returned, type, 'publish/check');
      expect([ checked.status, (await checked.json()).accepted ]).toEqual([ 200, true ]);
    }
  });

  it('are refused without a topic, of other agents, and as other JSON-LD.', async(): Promise<void> => {
    const { producer, user } = scene;
    const cases: [TestAgent, unknown, string, number, RegExp][] = [
      [ producer, activity({ 'events:topic': undefined }), ACTIVITY, 400, /No topic found/u ],
      [ producer, activity({ 'events:topic': undefined, topic: TOPIC }), ACTIVITY, 400, /No topic found/u ],
      [ producer, activity({ actor: undefined }), ACTIVITY, 400, /No actor found/u ],
      [ producer, activity({ actor: user.webId }), ACTIVITY, 403, /is not the caller/u ],
      [ producer, activity({ actor: { id: user.webId }}), PROFILE, 403, /is not the caller/u ],
      [ producer, activity({ '@context': [ AS2, 'https://evil.example/' ]}), ACTIVITY, 400, /not bundled/u ],
      [ producer, '{', ACTIVITY, 400, /not valid JSON/u ],
      [ producer, activity(), 'application/ld+json', 415, /activity\+json/u ],
      [ producer, activity(), 'application/ld+json; profile="https://other.example/"', 415, /activity\+json/u ],
    ];
    for (const [ agent, body, type, status, reason ] of cases) {
      const response = await send(agent, body, type);
      const { error } = await response.json();
      expect([ type, response.status, error ]).toEqual([ type, status, expect.stringMatching(reason) ]);
    }
    expect((await send(undefined, activity())).status).toBe(401);
    expect((await send(user, activity({ actor: user.webId }))).status).toBe(403);
  });
});
