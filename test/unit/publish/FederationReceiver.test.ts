import type { Quad } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { v7 } from 'uuid';
import { ContextLoader } from '../../../src/event/ContextLoader';
import type { Event } from '../../../src/event/Event';
import { eventDocument, forwardedDocument } from '../../../src/event/Event';
import { createEvent } from '../../../src/event/EventDocument';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { FORMER_EVENTS } from '../../../src/event/formerNamespace';
import { eventsIn } from '../../../src/event/ReceivedDocument';
import { AS, EVENTS, RDF } from '../../../src/event/vocabulary';
import type { Caller } from '../../../src/identity/Caller';
import type { Profiles } from '../../../src/identity/profiles/Profiles';
import { ProfileUnavailable } from '../../../src/identity/profiles/ProfileUnavailable';
import { ProfileFederationPolicy } from '../../../src/identity/ProfileFederationPolicy';
import { Conflict } from '../../../src/event/Conflict';
import { NotAuthorized } from '../../../src/event/NotAuthorized';
import type { PodOwners } from '../../../src/publish/ports';
import { PublishRate } from '../../../src/access/PublishRate';
import type { Received } from '../../../src/publish/FederationReceiver';
import { FederationReceiver } from '../../../src/publish/FederationReceiver';
import { TooMany } from '../../../src/event/TooMany';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { aSubscription } from '../../contract/fixtures';
import { ServerUrls } from '../../../src/url/ServerUrls';
import { inlineWork } from '../../util/work';

const HERE = 'https://here.example/';
const POD = `${HERE}user/`;
const OWNER = `${POD}profile/card#me`;
const AWAY = 'https://away.example/';
const PRODUCER = `${AWAY}producer/`;
const PUBLISHER = `${PRODUCER}profile/card#me`;
const SERVER: Caller = { agent: `${AWAY}.events/agent#this`, issuer: AWAY.slice(0, -1) };
const THIRD: Caller = { agent: 'https://third.example/.events/agent#this', issuer: 'https://third.example/' };
/** The WebID of an owner that is on another server. */
const ABROAD = 'https://id.example/owner#me';
const TOPIC = 'realestate/contact#add';

describe('The receiving side', (): void => {
  let store: SqliteEventStore;
  let receiver: FederationReceiver;
  let issuers: () => string[];
  let storages: () => string[];
  let mayPublish: (agent: string | undefined, resource: string) => boolean;
  let woken: number;
  let lookedUp: number;
  const contexts = new ContextLoader({});

  const create = (most = 6_000): FederationReceiver => new FederationReceiver(
    store,
    {
      podOf: async(webId): ReturnType<PodOwners['podOf']> => {
        lookedUp += 1;
        return webId === OWNER ? { pod: POD } : { reason: webId.startsWith(HERE) ? 'unknown' : 'elsewhere' };
      },
      isOwner: async(pod, webId): Promise<boolean> => pod === POD && [ OWNER, ABROAD ].includes(webId),
      isHere: (url): boolean => new ServerUrls(HERE).isLocal(url),
      canonical: (url, name): string => new ServerUrls(HERE).canonical(url, name),
    },
    { locate: async(url): Promise<string | undefined> => url.startsWith(POD) ? POD : undefined },
    {
      allowed: async({ agent }, resources): Promise<Set<string>> =>
        new Set(resources.filter((resource): boolean => mayPublish(agent, resource))),
    },
    inlineWork(contexts),
    new ProfileFederationPolicy({
      issuersOf: async(): Promise<string[]> => issuers(), storagesOf: async(): Promise<string[]> => storages(),
    } as unknown as Profiles),
    { wake: (): void => { woken += 1; } },
    new PublishRate(most),
  );
  async function anEvent(fields: { publisher?: string; recipients?: string[]; pod?: string } = {}): Promise<Event> {
    const { publisher, recipients = [ OWNER ], pod = PRODUCER } = { publisher: PUBLISHER, ...fields };
    return createEvent({ topic: TOPIC, recipients, sources: [], data: '{"name":"Ann"}' }, pod, publisher, contexts);
  }
  const receive = async(text: string, caller = SERVER): Promise<Received> => receiver.receive(POD, caller, text);
  /** A document by the full names of everything, so that it can be written in any form. */
  const expanded = (id = v7(), more: object = {}): Record<string, unknown> => ({
    '@id': `${PRODUCER}publish/${id}`,
    '@type': [ `${EVENTS}Event` ],
    [`${AS}actor`]: { '@id': PUBLISHER },
    [`${AS}to`]: { '@id': OWNER },
    [`${AS}origin`]: { '@id': PRODUCER },
    [`${EVENTS}topic`]: TOPIC,
    ...more,
  });
  /** The same as an object that names its own id as it has to. */
  const flat = (id = v7(), more: object = {}): Record<string, unknown> => {
    const { '@id': iri, ...rest } = expanded(id);
    return { '@context': { id: '@id' }, id: iri, ...rest, ...more };
  };
  const inInbox = async(): Promise<number> => (await store.listEntries(`${POD}inbox/`, 0, 100)).length;
  const isForwarded = async(): Promise<boolean> => (await store.pendingForwards(10)).length > 0;

  beforeEach(async(): Promise<void> => {
    store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    await store.registerPod(POD);
    await store.addSubscription(aSubscription({ pod: POD }));
    [ issuers, storages ] = [ (): string[] => [ AWAY.slice(0, -1) ], (): string[] => []];
    mayPublish = (agent, resource): boolean => agent === PUBLISHER && resource === `${POD}topics/realestate/contact/add`;
    [ woken, lookedUp ] = [ 0, 0 ];
    receiver = create();
  });

  afterEach(async(): Promise<void> => store.close());

  it('takes an event of another server, as it is, and forwards it.', async(): Promise<void> => {
    const event = await anEvent();
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    const kept = await store.getEntry(`${POD}inbox/`, event.id);
    expect(kept && eventDocument(kept)).toBe(eventDocument(event));
    expect(kept).toMatchObject({ topic: TOPIC, publisher: PUBLISHER, pod: PRODUCER });
    expect(await isForwarded()).toBe(true);
    expect(woken).toBe(1);
  });

  it('takes an event that was published in public, if the public may.', async(): Promise<void> => {
    const event = await createEvent({ topic: TOPIC, recipients: [ OWNER ], sources: []}, PRODUCER, undefined, contexts);
    await expect(receive(forwardedDocument(event, 1))).rejects.toThrow(/Not authorized to publish/u);
    mayPublish = (agent): boolean => agent === undefined;
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await store.getEntry(`${POD}inbox/`, event.id)).not.toHaveProperty('publisher');
  });

  it('takes an event whose addressee is a source.', async(): Promise<void> => {
    const event = await createEvent({ topic: TOPIC, recipients: [], sources: [ OWNER ]}, PRODUCER, PUBLISHER, contexts);
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
  });

  it('leaves alone what is no event, or for others.', async(): Promise<void> => {
    const { '@type': type, ...untyped } = flat();
    const texts = [
      '{}', '[]', '5', '{"@context":{"as":"https://www.w3.org/ns/activitystreams#"},"as:actor":"me"}',
      JSON.stringify(untyped),
      forwardedDocument(await anEvent({ recipients: [ 'https://other.example/card#me', `${HERE}nobody/card#me`, 'urn:x:y' ]}), 1),
      JSON.stringify(flat(v7(), { [`${AS}to`]: 'no IRI at all' })),
    ];
    for (const text of texts) {
      expect([ text, await receive(text, {}) ]).toEqual([ text, 'notification' ]);
    }
    for (const text of [
      '{"@context":["https://www.w3.org/ns/activitystreams","https://purl.org/coar/notify"],"type":"Offer"}',
      '{"@context":"https://w3id.org/security/v1","id":"urn:x","id":"urn:y"}', '{"@context":"http://127.0.0.1/","type":"Event"}',
      '{"summary":"I like solid-pod-events: it works"}', '{"type":"Event","id":"https://calendar.example/1"}', '{"__proto__":1}',
    ]) {
      expect([ text, await receive(text, {}) ]).toEqual([ text, 'notification' ]);
    }
    expect(type).toBeDefined();
    expect(await inInbox()).toBe(0);
  });

  it.each([
    [ 'no JSON', `{"@type":"${EVENTS}Event"`, /not valid JSON/u ],
    [ 'no JSON-LD', `{"@context":5,"@type":"${EVENTS}Event"}`, /not valid JSON-LD/u ],
    [ 'a remote context', `{"@context":"https://evil.example/context","@type":"${EVENTS}Event"}`, /never fetched/u ],
    [ 'a key twice', `{"@type":"${EVENTS}Event","@type":"urn:x"}`, /twice/u ],
    [ 'an escaped key twice', String.raw`{"@type":"urn:\u0073olid-pod-events:vocab:Event","@type":"urn:x"}`, /twice/u ],
    [ 'the form of an event alone', JSON.stringify({ type: [ 'Event' ], id: `${PRODUCER}publish/${v7()}` }), /has the form of an event/u ],
    [ 'a prefix of a remote context', JSON.stringify({ '@context': 'https://evil.example/c', '@type': 'x:solid-pod-events:vocab:Event' }), /never fetched/u ],
  ])('refuses what claims to be an event, with %s.', async(_, text, message): Promise<void> => {
    const received = receive(text);
    await expect(received).rejects.toThrow(InvalidInput);
    await expect(received).rejects.toThrow(message);
  });

  it('refuses an event that lacks something, or says it in another form.', async(): Promise<void> => {
    const id = v7();
    const without = (name: string): object => Object.fromEntries(Object.entries(flat(id)).filter(([ key ]): boolean => key !== name));
    const { '@context': context, ...members } = flat(id);
    const hidden = { '@context': context, id: 'https://away.example/other' };
    const cases: [ object, RegExp ][] = [
      [ without(`${EVENTS}topic`), /the topic .* is missing or malformed/u ],
      [ flat(id, { [`${EVENTS}topic`]: '' }), /the topic .* is missing or malformed/u ],
      [ flat(id, { [`${EVENTS}topic`]: [ TOPIC, 'other/topic' ]}), /expected at most one/u ],
      [ without(`${AS}origin`), /origin/u ],
      [ flat(id, { [`${AS}origin`]: { '@id': `${AWAY}other/` }}), /origin/u ],
      [ flat(id, { [`${AS}origin`]: { '@id': PRODUCER.slice(0, -1) }}), /origin/u ],
      [ flat('0198c5f0-0000-4000-8000-000000000000'), /UUIDv7/u ],
      [ flat('../../user/publish/0198c5f0-0000-7000-8000-000000000000'), /origin/u ],
      [ flat(id, { [`${AS}actor`]: { '@id': 'urn:nobody' }}), /publisher is not a WebID/u ],
      [ flat(id, { [`${AS}actor`]: [{ '@id': PUBLISHER }, { '@id': OWNER }]}), /expected at most one/u ],
      [ expanded(id), /one JSON object/u ],
      [[ expanded(id) ], /one JSON object/u ],
      [{ '@graph': [ expanded(id) ]}, /one JSON object/u ],
      [{ '@context': {}, '@id': `${AWAY}graph`, '@graph': [ expanded(id) ]}, /one JSON object/u ],
      [{ '@context': { ident: '@id' }, ...members, ident: members.id, id: undefined }, /one JSON object/u ],
      [{ ...hidden, 'urn:holds': expanded(id) }, /one JSON object/u ],
      [{ ...hidden, '@included': [ expanded(id) ]}, /one JSON object/u ],
      [{ ...hidden, '@reverse': { 'urn:holds': expanded(id) }}, /one JSON object/u ],
    ];
    for (const [ document, message ] of cases) {
      const text = JSON.stringify(document);
      const error = await receive(text).catch((thrown: unknown): unknown => thrown);
      expect([ text, error ]).toEqual([ text, expect.objectContaining({ name: 'InvalidInput', message: expect.stringMatching(message) }) ]);
    }
    expect(await inInbox()).toBe(0);
  });

  it('refuses an event that says one thing as JSON and another as JSON-LD.', async(): Promise<void> => {
    for (const lie of [{ publisher: OWNER }, { topic: 'other/topic' }, { origin: POD }]) {
      await expect(receive(JSON.stringify(flat(v7(), lie)))).rejects.toThrow(/differs from its value in RDF/u);
    }
    const context = { id: '@id', publisher: null };
    mayPublish = (): boolean => true;
    const unsigned = flat(v7(), { '@context': context, publisher: OWNER, [`${AS}actor`]: []});
    await expect(receive(JSON.stringify(unsigned))).rejects.toThrow(/its member publisher differs/u);
  });

  it('takes an event whose type is given twice, or beside others.', async(): Promise<void> => {
    for (const types of [[ `${EVENTS}Event`, `${EVENTS}Event` ], [ `${AS}Activity`, `${EVENTS}Event` ], `${EVENTS}Event` ]) {
      expect(await receive(JSON.stringify(flat(v7(), { '@type': types })))).not.toBe('notification');
    }
  });

  it('refuses two events at once, and takes one beside another that is for others.', async(): Promise<void> => {
    const text = JSON.stringify(flat(v7(), { 'urn:see': expanded() }));
    await expect(receive(text)).rejects.toThrow('holds 2 events');
    expect(await receive(JSON.stringify(flat(v7(), { 'urn:see': expanded(v7(), { [`${AS}to`]: []}) })))).not.toBe('notification');
  });

  it('finds very many events in one pass.', (): void => {
    const { namedNode, quad } = DataFactory;
    const quads = Array.from({ length: 100_000 }, (_, index): Quad =>
      quad(namedNode(`urn:e:${index}`), namedNode(`${RDF}type`), namedNode(`${EVENTS}Event`)));
    expect(eventsIn(quads).size).toBe(100_000);
  });

  it.each([
    [ 'the public', {}, /can deliver events of other publishers/u ],
    [ 'a user', { agent: PUBLISHER }, /can deliver events of other publishers/u ],
    [ 'another server', THIRD, /is not on https:\/\/third\.example/u ],
    [ 'a server whose name begins alike', { agent: 'https://away.exampl/.events/agent#this', issuer: 'https://away.exampl' }, /is not on/u ],
    [ 'a pod that calls itself a server', { agent: `${AWAY}mallory/.events/agent#this`, issuer: AWAY }, /can deliver events of other publishers/u ],
    [ 'a document at the place of the agent, with a provider of its own', { agent: SERVER.agent, issuer: 'https://evil.example/' }, /can deliver events of other publishers/u ],
    [ 'an agent for whom nobody vouches', { agent: SERVER.agent }, /can deliver events of other publishers/u ],
  ])('refuses %s that speaks for somebody.', async(_, caller, message): Promise<void> => {
    const received = receive(forwardedDocument(await anEvent(), 1), caller);
    await expect(received).rejects.toThrow(NotAuthorized);
    await expect(received).rejects.toThrow(message);
    expect(await inInbox()).toBe(0);
  });

  it('hears a server for those whose provider it is, or who say that the pod is theirs.', async(): Promise<void> => {
    issuers = (): string[] => [ 'https://login.example' ];
    const text = forwardedDocument(await anEvent(), 1);
    await expect(receive(text)).rejects.toThrow(/names neither/u);
    storages = (): string[] => [ `${AWAY}other/` ];
    await expect(receive(text)).rejects.toThrow(/names neither/u);
    storages = (): string[] => [ `${AWAY}other/`, PRODUCER ];
    expect(await receive(text)).not.toBe('notification');
  });

  it('refuses for good only where it is known that a server may not speak for the publisher.', async(): Promise<void> => {
    const text = forwardedDocument(await anEvent(), 1);
    const faults = ([ 'timeout', 'unresolved', 'forbidden', 'tls' ] as const).map((fault): object => ({ fault }));
    for (const problem of [ ...faults, { status: 503 }, { status: 429 }]) {
      issuers = (): never => {
        throw new ProfileUnavailable(PUBLISHER, { reason: 'it is not there now', ...problem });
      };
      await expect(receive(text)).rejects.toThrow(ProfileUnavailable);
    }
    for (const problem of [{ status: 404 }, {}]) {
      issuers = (): never => {
        throw new ProfileUnavailable(PUBLISHER, { reason: 'it is not there', ...problem });
      };
      await expect(receive(text)).rejects.toThrow(NotAuthorized);
    }
    issuers = (): never => {
      throw new Error('a fault of our own');
    };
    await expect(receive(text)).rejects.toThrow('a fault of our own');
  });

  it('refuses who may not publish on the topic.', async(): Promise<void> => {
    mayPublish = (): boolean => false;
    await expect(receive(forwardedDocument(await anEvent(), 1))).rejects.toThrow(`Not authorized to publish to ${POD} on topic ${TOPIC}`);
  });

  it('refuses a source of this server that the publisher cannot write, however it is spelled.', async(): Promise<void> => {
    const withSource = async(source: string): Promise<Received> => receive(forwardedDocument(await createEvent({
      topic: TOPIC, recipients: [ OWNER ], sources: [], annotations: { 'events:ce-id': '1', 'events:ce-source': source },
    }, PRODUCER, PUBLISHER, contexts), 1));
    for (const source of [ POD, `${POD}x?y#z`, HERE, 'HTTPS://HERE.example:443//user/', '//here.example/user/', 'https://here.example./user/', 'http://here.example:443/user/', 'https://a@here.example/user/' ]) {
      await expect(withSource(source)).rejects.toThrow(/requires acl:Write/u);
    }
    for (const source of [ PRODUCER, 'urn:a', '/user/', 'https://other.example/' ]) {
      expect(await withSource(source)).toEqual({ event: expect.stringContaining(`${POD}inbox/`) });
    }
    const before = mayPublish;
    mayPublish = (agent, resource): boolean => before(agent, resource) || (agent === PUBLISHER && resource === `${POD}x`);
    expect(await withSource(`${POD}x?y#z`)).toEqual({ event: expect.stringContaining(`${POD}inbox/`) });
  });

  it('refuses an event that would be one of this server, and knows its own.', async(): Promise<void> => {
    const own = await anEvent({ pod: POD });
    const forged = receive(forwardedDocument(own, 1), { agent: `${HERE}.events/agent#this` });
    await expect(forged).rejects.toThrow(/would be an event of this server/u);
    await store.accept([{ event: own, forwards: []}]);
    expect(await receive(forwardedDocument(own, 2))).toEqual({ event: `${POD}publish/${own.id}` });
    expect(await inInbox()).toBe(0);
    const local = await anEvent({ pod: POD });
    await store.accept([{ event: local, forwards: [{ pod: POD, inbox: `${POD}inbox/` }]}]);
    expect(await receive(forwardedDocument(local, 2))).toEqual({ event: `${POD}inbox/${local.id}` });
    expect(await inInbox()).toBe(1);
    await expect(receive(forwardedDocument({ ...own, members: own.members.replace('Ann', 'Eve') }, 1))).rejects.toThrow(NotAuthorized);
  });

  it('knows an event again, and forwards it no second time.', async(): Promise<void> => {
    const event = await anEvent();
    await receive(forwardedDocument(event, 1));
    const [ forward ] = await store.pendingForwards(1);
    const scope = await store.openScope(forward.pod);
    await store.learn(scope, new Map([[ aSubscription().agent, true ]]));
    await store.fanOutStep(forward, scope, 100, true);
    expect(await isForwarded()).toBe(false);
    expect(await receive(forwardedDocument(event, 2))).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await isForwarded()).toBe(false);
    // Not even when its owner has deleted it.
    await store.removeEntry(`${POD}inbox/`, event.id);
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await isForwarded()).toBe(false);
    expect(await inInbox()).toBe(0);
  });

  it('takes an event of which a copy of a subscription is there already, from who may bring it, and forwards it.', async(): Promise<void> => {
    const event = await anEvent();
    const other = `${HERE}other/`;
    await store.registerPod(other);
    await store.receive({ event, hops: 1, pod: other, inbox: `${POD}inbox/`, isForwarded: false });
    expect(await inInbox()).toBe(1);
    const mayNot = mayPublish;
    mayPublish = (): boolean => false;
    await expect(receive(forwardedDocument(event, 1))).rejects.toThrow(NotAuthorized);
    mayPublish = mayNot;
    // Nothing comes of it if another server brings it.
    expect(await receive(forwardedDocument(event, 2), THIRD)).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await isForwarded()).toBe(false);
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await isForwarded()).toBe(true);
    expect(await inInbox()).toBe(1);
  });

  it('takes an event for an owner whose WebID is on another server.', async(): Promise<void> => {
    const event = await anEvent({ recipients: [ ABROAD ]});
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await inInbox()).toBe(1);
  });

  it('looks up as many addressees as an event can have, and no more.', async(): Promise<void> => {
    const recipients = Array.from({ length: 100 }, (_, index): string => `${AWAY}${index}#me`);
    expect(await receive(forwardedDocument(await anEvent({ recipients }), 1))).toBe('notification');
    expect(lookedUp).toBe(100);
    for (const { to, more } of [{ to: [ ...recipients, OWNER ], more: []}, { to: recipients, more: [ OWNER ]}]) {
      const ids = (webIds: string[]): object[] => webIds.map((webId): object => ({ '@id': webId }));
      const text = JSON.stringify(flat(v7(), { [`${AS}to`]: ids(to), 'urn:see': expanded(v7(), { [`${AS}to`]: ids(more) }) }));
      await expect(receive(text)).rejects.toThrow('at most 100 recipients and sources');
    }
    expect(lookedUp).toBe(100);
  });

  it('does not parse what is large, unless a server sends an event.', async(): Promise<void> => {
    const large = { 'urn:x': 'x'.repeat(256 * 1_024) };
    const event = JSON.stringify(flat(v7(), large));
    expect(await receive(event, { agent: PUBLISHER, issuer: AWAY })).toBe('too large');
    expect(await receive(event, {})).toBe('too large');
    expect(await receive(JSON.stringify({ '@context': {}, ...large }))).toBe('notification');
    expect(await receive(JSON.stringify([ flat(v7(), large) ]))).toBe('too large');
    expect(await receive(JSON.stringify({ 'urn:y': { id: `${PRODUCER}publish/${v7()}`, '@type': `${EVENTS}Event` }, ...large })))
      .toBe('too large');
    await expect(receive(`${event}}`)).rejects.toThrow(/not valid JSON/u);
    expect(await receive(event)).toEqual({ event: expect.stringContaining('/inbox/') });
    await expect(receive(event, THIRD)).resolves.toEqual({ event: expect.stringContaining('/inbox/') });
    await expect(receive(JSON.stringify(flat(v7(), large)), THIRD)).rejects.toThrow(NotAuthorized);
  });

  it('finds an event that is hidden in what need not be small.', async(): Promise<void> => {
    const hidden = { '@context': { id: '@id' }, id: `${AWAY}other`, 'urn:x': 'x'.repeat(200 * 1_024), 'urn:holds': expanded() };
    await expect(receive(JSON.stringify(hidden), { agent: PUBLISHER, issuer: AWAY })).rejects.toThrow(/one JSON object/u);
  });

  it('takes an event as it is, however it is written.', async(): Promise<void> => {
    const id = v7();
    const text = ` {\n "i\\u0064" : "${PRODUCER}publish/${id}" , "@context":{ "id":"@id" }, "events:hops" : 1,
      "${EVENTS}topic" : "${TOPIC}", "@type":["${EVENTS}Event" ], "urn:x": [ "}\\",{", "a:b" , [ 5 ] ],
      "${AS}actor":{"@id":"${PUBLISHER}"}, "${AS}to":{"@id":"${OWNER}"},"${AS}origin":{"@id":"${PRODUCER}"}} `;
    await receive(text);
    expect(await store.getEntry(`${POD}inbox/`, id)).toMatchObject({
      context: '{ "id":"@id" }',
      members: `{"i\\u0064" : "${PRODUCER}publish/${id}","${EVENTS}topic" : "${TOPIC}","@type":["${EVENTS}Event" ],` +
        `"urn:x": [ "}\\",{", "a:b" , [ 5 ] ],"${AS}actor":{"@id":"${PUBLISHER}"},"${AS}to":{"@id":"${OWNER}"},"${AS}origin":{"@id":"${PRODUCER}"}}`,
    });
  });

  it('refuses a context that is long, for it is kept for good.', async(): Promise<void> => {
    const context = (length: number): object => ({ id: '@id', x: `urn:${'x'.repeat(length)}` });
    await expect(receive(JSON.stringify(flat(v7(), { '@context': context(16 * 1_024) })))).rejects.toThrow('larger than 16 KiB');
    expect(await receive(JSON.stringify(flat(v7(), { '@context': context(16_000) })))).not.toBe('notification');
  });

  it('refuses other content under the same id.', async(): Promise<void> => {
    const event = await anEvent();
    await receive(forwardedDocument(event, 1));
    await expect(receive(forwardedDocument({ ...event, members: event.members.replace('Ann', 'Eve') }, 1))).rejects.toThrow(Conflict);
    const kept = await store.getEntry(`${POD}inbox/`, event.id);
    expect(kept?.members).toBe(event.members);
  });

  it.each([
    [ 2, true ], [ 3, false ], [ 4, false ],
  ])('keeps an event that %i servers have passed on, and forwards it: %p.', async(hops, forwarded): Promise<void> => {
    const event = await anEvent();
    await receive(forwardedDocument(event, hops));
    expect(await inInbox()).toBe(1);
    expect(await isForwarded()).toBe(forwarded);
  });

  it('reads the former namespace of the vocabulary as the current one, and knows the same event in both.', async(): Promise<void> => {
    const event = await anEvent();
    const inFormer = (text: string): string => text.replaceAll(EVENTS, FORMER_EVENTS);
    const former = inFormer(forwardedDocument(event, 3));
    expect(former).toContain(FORMER_EVENTS);
    expect(await receive(former)).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await store.getEntry(`${POD}inbox/`, event.id)).toMatchObject({ context: event.context, members: event.members });
    expect(await receive(former)).toEqual({ event: `${POD}inbox/${event.id}` });
    expect(await receive(forwardedDocument(event, 1))).toEqual({ event: `${POD}inbox/${event.id}` });
    const id = v7();
    expect(await receive(inFormer(JSON.stringify(flat(id, { [`${EVENTS}hops`]: 900 }))))).toEqual({ event: `${POD}inbox/${id}` });
    expect((await store.getEntry(`${POD}inbox/`, id))!.members).toContain(`"${EVENTS}topic":"${TOPIC}"`);
    expect(await inInbox()).toBe(2);
  });

  it('reads the former property of data as the current one, and knows the same event with both.', async(): Promise<void> => {
    const event = await anEvent();
    const former = forwardedDocument(event, 3).replace('"data":{"@id":"as:object"', '"data":{"@id":"events:data"');
    expect(former).toContain('events:data');
    for (const text of [ former, former.replaceAll(EVENTS, FORMER_EVENTS), forwardedDocument(event, 1) ]) {
      expect(await receive(text)).toEqual({ event: `${POD}inbox/${event.id}` });
    }
    expect(await store.getEntry(`${POD}inbox/`, event.id)).toMatchObject({ context: event.context, members: event.members });
    expect(await inInbox()).toBe(1);
  });

  it('counts hops however they are told.', async(): Promise<void> => {
    const name = `${EVENTS}hops`;
    const cases: [ object, boolean ][] = [
      [{}, true], [{ [name]: 0 }, true], [{ [name]: -7 }, true], [{ [name]: 'many' }, true], [{ [name]: 2.9 }, true],
      [{ [name]: '3' }, false], [{ [name]: 1e300 }, false], [{ [name]: '1e999' }, false], [{ [name]: [ 1, 3 ]}, false],
      // In a context without the prefix it says nothing as JSON-LD.
      [{ 'events:hops': 3 }, false],
    ];
    for (const [ more, forwarded ] of cases) {
      const session = new SqliteSession(IN_MEMORY);
      store = new SqliteEventStore(session);
      await store.registerPod(POD);
      await store.addSubscription(aSubscription({ pod: POD }));
      receiver = create();
      await receive(JSON.stringify(flat(v7(), more)));
      expect([ more, await inInbox(), await isForwarded() ]).toEqual([ more, 1, forwarded ]);
      await store.close();
    }
  });

  it('goes by the time when an event came, whatever time its sender tells.', async(): Promise<void> => {
    const published = `${AS}published`;
    for (const value of [ 'yesterday', '9999-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '2020-01-01T00:00:00Z' ]) {
      const id = v7();
      const before = Date.now();
      await receive(JSON.stringify(flat(id, { [published]: value })));
      const { published: kept } = (await store.getEntry(`${POD}inbox/`, id))!;
      expect(kept).toBeGreaterThanOrEqual(before);
      expect(kept).toBeLessThanOrEqual(Date.now());
    }
  });

  it('bounds how much a server brings.', async(): Promise<void> => {
    receiver = create(2);
    await receive(forwardedDocument(await anEvent(), 1));
    // What is no event counts too, and is counted before it is looked at.
    await receive('{}');
    await expect(receive(forwardedDocument(await anEvent(), 1))).rejects.toThrow(TooMany);
    await expect(receive('{')).rejects.toThrow(TooMany);
  });
});
