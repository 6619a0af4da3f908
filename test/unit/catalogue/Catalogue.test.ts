import { Catalogue } from '../../../src/catalogue/Catalogue';
import type { SchemaCheck, Schemas } from '../../../src/catalogue/checkSchema';
import { PooledSchemas } from '../../../src/catalogue/checkSchema';
import { PublishedLog } from '../../../src/catalogue/PublishedLog';
import { InvalidInput } from '../../../src/event/InvalidInput';
import type { Caller } from '../../../src/identity/Caller';
import { Conflict } from '../../../src/event/Conflict';
import { NotAuthorized } from '../../../src/event/NotAuthorized';
import type { Access } from '../../../src/access/ports';
import { PublishRate } from '../../../src/access/PublishRate';
import { TooMany } from '../../../src/event/TooMany';
import type { CatalogueEntryDraft, SystemDraft } from '../../../src/catalogue/CatalogueStore';
import type { LoggedEvent, RequestFilter, RequestLog } from '../../../src/catalogue/RequestLog';
import { SqliteCatalogueStore } from '../../../src/store-sqlite/SqliteCatalogueStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { inlineWork } from '../../util/work';

const POD = 'http://localhost:3000/user/';
const OTHER_POD = 'http://localhost:3000/other/';
const PAGE = { index: 0, size: 5, isDescending: false };
const OWNER: Caller = { agent: `${POD}profile/card#me` };
const LIMITED: Caller = { ...OWNER, limits: { topics: [ 'realestate/*' ]}};
const READER: Caller = { agent: 'http://localhost:3000/reader/profile/card#me' };
const SENDER: Caller = { agent: 'http://localhost:3000/sender/profile/card#me' };
const NOBODY: Caller = {};

/** The reader may see all that there is, the sender may publish on topics below `realestate`. */
const access: Access = {
  allowed: async({ agent }, resources, mode) => new Set(resources.filter((resource): boolean =>
    agent === OWNER.agent ||
    (agent === READER.agent && mode === 'read') ||
    (agent === SENDER.agent && mode === 'append' && resource.startsWith(`${POD}topics/realestate/`)))),
};

const system = (identifier = 'crm'): SystemDraft => ({ identifier, name: 'CRM', class: 'producer', type: 'api', description: '', client: null });
const entry = (id: number, topic = 'realestate/contact#add', schema?: string): CatalogueEntryDraft =>
  ({ system: id, name: 'New contact', operation: 'new', description: '', topic, ...schema !== undefined && { schema }});

describe('A Catalogue', (): void => {
  let session: SqliteSession;
  let catalogue: Catalogue;
  const make = (rate = new PublishRate(), schemas: Schemas = new PooledSchemas(inlineWork(), 2_000, 2_000)): Catalogue =>
    new Catalogue({
      store: new SqliteCatalogueStore(session),
      access,
      schemas,
      rate,
      maxSystems: 2,
      maxEntries: 3,
    });

  beforeEach(async(): Promise<void> => {
    session = new SqliteSession(IN_MEMORY);
    await new SqliteCatalogueStore(session).open();
    catalogue = make();
  });

  afterEach((): void => session.close());

  it('is changed by who may write it, and seen by who may read it.', async(): Promise<void> => {
    const { id } = await catalogue.addSystem(POD, OWNER, system());
    const added = await catalogue.addEntry(POD, OWNER, entry(id));
    expect(added).toMatchObject({ identifier: expect.stringMatching(/^new-contact-[A-Za-z0-9]{10}$/u), systemName: 'CRM' });
    for (const caller of [ OWNER, READER ]) {
      expect(await catalogue.listEntries(POD, caller, PAGE)).toEqual({ items: [ added ], total: 1 });
      expect(await catalogue.getEntry(POD, caller, added.id)).toEqual(added);
      expect((await catalogue.listSystems(POD, caller, PAGE)).total).toBe(1);
      expect(await catalogue.getSystem(POD, caller, id)).toMatchObject(system());
    }
    const reads = (caller: Caller): Promise<unknown>[] => [
      catalogue.listEntries(POD, caller, PAGE), catalogue.getEntry(POD, caller, added.id), catalogue.getEntry(POD, caller, 99),
      catalogue.listSystems(POD, caller, PAGE), catalogue.getSystem(POD, caller, id),
    ];
    const changes = (caller: Caller): Promise<unknown>[] => [
      catalogue.addEntry(POD, caller, entry(id)), catalogue.changeEntry(POD, caller, added.id, entry(id)), catalogue.removeEntry(POD, caller, added.id),
      catalogue.addSystem(POD, caller, system('other')), catalogue.changeSystem(POD, caller, id, system('other')), catalogue.removeSystem(POD, caller, id),
    ];
    for (const refused of [ ...[ NOBODY, SENDER ].flatMap(reads), ...[ NOBODY, SENDER, READER ].flatMap(changes) ]) {
      await expect(refused).rejects.toThrow(NotAuthorized);
    }
    expect(await catalogue.changeEntry(POD, OWNER, added.id, entry(id, 'other'))).toEqual({ ...added, topic: 'other', updated: expect.any(Number) });
    expect(await catalogue.changeSystem(POD, OWNER, id, system('renamed'))).toMatchObject({ identifier: 'renamed' });
    expect(await catalogue.removeSystem(POD, OWNER, id)).toBe('used');
    expect(await catalogue.removeEntry(POD, OWNER, added.id)).toBe(true);
    expect(await catalogue.removeEntry(POD, OWNER, added.id)).toBe(false);
    expect(await catalogue.removeSystem(POD, OWNER, id)).toBe(true);
  });

  it('is of one pod.', async(): Promise<void> => {
    const { id } = await catalogue.addSystem(POD, OWNER, system());
    const added = await catalogue.addEntry(POD, OWNER, entry(id));
    expect(await catalogue.getEntry(OTHER_POD, OWNER, added.id)).toBeUndefined();
    expect(await catalogue.changeEntry(OTHER_POD, OWNER, added.id, entry(id))).toBeUndefined();
    expect(await catalogue.removeEntry(OTHER_POD, OWNER, added.id)).toBe(false);
    expect(await catalogue.getSystem(OTHER_POD, OWNER, id)).toBeUndefined();
    expect(await catalogue.changeSystem(OTHER_POD, OWNER, id, system())).toBeUndefined();
    expect(await catalogue.entryToSend(OTHER_POD, OWNER, added.identifier)).toBeUndefined();
    await expect(catalogue.addEntry(OTHER_POD, OWNER, entry(id))).rejects.toThrow('system_id names no system of this pod');
  });

  it('shows and lets change only what is within the topics of a key.', async(): Promise<void> => {
    const { id } = await catalogue.addSystem(POD, OWNER, system());
    const within = await catalogue.addEntry(POD, LIMITED, entry(id));
    const beyond = await catalogue.addEntry(POD, OWNER, entry(id, 'billing/invoice'));
    expect((await catalogue.listEntries(POD, LIMITED, PAGE)).items).toEqual([ within ]);
    expect(await catalogue.getEntry(POD, LIMITED, beyond.id)).toBeUndefined();
    expect(await catalogue.changeEntry(POD, LIMITED, beyond.id, entry(id))).toBeUndefined();
    expect(await catalogue.removeEntry(POD, LIMITED, beyond.id)).toBe(false);
    await expect(catalogue.addEntry(POD, LIMITED, entry(id, 'billing/invoice'))).rejects.toThrow(NotAuthorized);
    await expect(catalogue.changeEntry(POD, LIMITED, within.id, entry(id, '*'))).rejects.toThrow(NotAuthorized);
    await expect(catalogue.addSystem(POD, LIMITED, system('other'))).rejects.toThrow(NotAuthorized);
    await expect(catalogue.changeSystem(POD, LIMITED, id, system())).rejects.toThrow(NotAuthorized);
    await expect(catalogue.removeSystem(POD, LIMITED, id)).rejects.toThrow(NotAuthorized);
    expect((await catalogue.listSystems(POD, LIMITED, PAGE)).total).toBe(1);
  });

  it('has bounds, and identifiers that differ.', async(): Promise<void> => {
    const { id } = await catalogue.addSystem(POD, OWNER, system());
    await expect(catalogue.addSystem(POD, OWNER, system())).rejects.toThrow(Conflict);
    const { id: other } = await catalogue.addSystem(POD, OWNER, system('other'));
    await expect(catalogue.changeSystem(POD, OWNER, other, system())).rejects.toThrow(Conflict);
    await expect(catalogue.addSystem(POD, OWNER, system('third'))).rejects.toThrow(TooMany);
    for (let count = 0; count < 3; count += 1) {
      await catalogue.addEntry(POD, OWNER, entry(id));
    }
    await expect(catalogue.addEntry(POD, OWNER, entry(id))).rejects.toThrow(TooMany);
    await expect(catalogue.changeEntry(POD, OWNER, 1, entry(99))).rejects.toThrow(InvalidInput);
  });

  it('returns the entry to send, within the topics of a key, and tells nothing of others.', async(): Promise<void> => {
    const { id } = await catalogue.addSystem(POD, OWNER, system());
    const { identifier } = await catalogue.addEntry(POD, OWNER, entry(id));
    expect(await catalogue.entryToSend(POD, SENDER, identifier)).toMatchObject({ identifier });
    expect(await catalogue.entryToSend(POD, SENDER, 'new-contact-0123456789')).toBeUndefined();
    const limited = { ...OWNER, limits: { topics: [ 'billing/*' ]}};
    await expect(catalogue.entryToSend(POD, limited, identifier)).rejects.toThrow(/^Not authorized to send this event to http:\/\/localhost:3000\/user\/$/u);
  });

  it('checks bodies by schemas, which are checked when they are written.', async(): Promise<void> => {
    const { id } = await catalogue.addSystem(POD, OWNER, system());
    await expect(catalogue.addEntry(POD, OWNER, entry(id, 'a', '{"type":"nothing"}'))).rejects.toThrow('Invalid schema');
    const { id: entryId, ...plain } = await catalogue.addEntry(POD, OWNER, entry(id));
    await expect(catalogue.changeEntry(POD, OWNER, entryId, entry(id, 'a', '{"$ref":"http://127.0.0.1:9/"}'))).rejects.toThrow('nothing is fetched');
    expect(await catalogue.faultOf({ id: entryId, ...plain }, POD, SENDER, '7')).toBeUndefined();
    const strict = await catalogue.addEntry(POD, OWNER, entry(id, 'a', '{"type":"string"}'));
    expect(await catalogue.faultOf(strict, POD, SENDER, '"text"')).toBeUndefined();
    expect(await catalogue.faultOf(strict, POD, SENDER, '7')).toEqual({ path: '', message: 'must be string' });
  });

  it('counts the time that checks take as what is published.', async(): Promise<void> => {
    const schema = '{"pattern":"^(a+)+$"}';
    const body = `"${'a'.repeat(60)}b"`;
    // A check that is too slow takes its limit at least, however busy the machine is.
    const measured = await new PooledSchemas(inlineWork(), 2_000, 30).check(schema, body);
    expect(measured.invalid).toContain('takes too long');
    expect(measured.spent).toBeGreaterThanOrEqual(29);
    let checks = 0;
    const slow = make(new PublishRate(300), {
      async check(_, text): Promise<SchemaCheck> {
        checks += 1;
        return text === body ? { invalid: 'takes too long', spent: 30 } : { spent: 0 };
      },
    });
    const { id } = await slow.addSystem(POD, OWNER, system());
    const added = await slow.addEntry(POD, OWNER, entry(id, 'a', schema));
    const send = async(): Promise<unknown> => slow.faultOf(added, POD, SENDER, body);
    // 300 ms hold this many of 30 ms each.
    for (let sent = 0; sent < 10; sent += 1) {
      await expect(send()).rejects.toThrow('takes too long');
    }
    await expect(send()).rejects.toThrow(TooMany);
    await expect(send()).rejects.toThrow(TooMany);
    // One for the schema itself, and none above the rate.
    expect(checks).toBe(11);
    expect(await slow.faultOf(added, POD, OWNER, '"aaa"')).toBeUndefined();
  });
});

describe('A PublishedLog', (): void => {
  const id = '0190a0b0-0000-7000-8000-000000000001';
  const event: LoggedEvent = { id, topic: 'billing/invoice', published: 0, states: []};
  const filters: RequestFilter[] = [];
  const store = {
    listEvents: async(_: string, filter: RequestFilter) => {
      filters.push(filter);
      return { items: [], total: 0 };
    },
    getEvent: async(_: string, asked: string) => asked === id ? event : undefined,
    listOutcomes: async() => [],
    getOutcome: async(_: string, asked: string) => ({ id: asked, event: id, state: 'error', kind: 'webhook', url: 'http://h/', attempts: []}),
  } as unknown as RequestLog;
  const log = new PublishedLog(store, access);

  it('is seen by who may read it, and within the topics of a key.', async(): Promise<void> => {
    expect(await log.get(POD, READER, id)).toEqual({ event, outcomes: []});
    expect(await log.getOutcome(POD, READER, '7')).toMatchObject({ id: '7' });
    expect(await log.get(POD, LIMITED, id)).toBeUndefined();
    expect(await log.getOutcome(POD, LIMITED, '7')).toBeUndefined();
    await log.list(POD, READER, { system: 1 }, PAGE);
    await log.list(POD, LIMITED, { system: 1 }, PAGE);
    expect(filters).toEqual([{ system: 1 }, { system: 1, topics: [ 'realestate/*' ]}]);
    for (const caller of [ NOBODY, SENDER ]) {
      await expect(log.list(POD, caller, {}, PAGE)).rejects.toThrow(NotAuthorized);
      await expect(log.get(POD, caller, 'none')).rejects.toThrow(NotAuthorized);
      await expect(log.getOutcome(POD, caller, '7')).rejects.toThrow(NotAuthorized);
    }
  });

  it('is seen by nobody who may not read what it shows.', async(): Promise<void> => {
    for (const hidden of [ 'event/received', 'publish/', 'subscriptions/' ]) {
      const asked: string[][] = [];
      const closed = new PublishedLog(store, { allowed: async(_, resources): Promise<ReadonlySet<string>> => {
        asked.push([ ...resources ]);
        return new Set(resources.filter((resource): boolean => resource !== `${POD}${hidden}`));
      } });
      for (const see of [ closed.list(POD, READER, {}, PAGE), closed.get(POD, READER, id), closed.getOutcome(POD, READER, '7') ]) {
        await expect(see).rejects.toThrow(`Not authorized to see what is at ${POD}${hidden}`);
      }
      expect(asked).toEqual(Array.from({ length: 3 }, (): string[] => [ `${POD}event/received`, `${POD}publish/`, `${POD}subscriptions/` ]));
    }
  });

  it('is listed once at a time for each pod.', async(): Promise<void> => {
    const { signal } = new AbortController();
    const ends: (() => void)[] = [];
    const slow = new PublishedLog({ listEvents: async(...[ pod, , , given ]: Parameters<RequestLog['listEvents']>): ReturnType<RequestLog['listEvents']> => {
      expect(given).toBe(signal);
      await new Promise<void>((resolve, reject): void => {
        ends.push(pod === POD ? resolve : (): void => reject(new Error('gone')));
      });
      return { items: [], total: 0 };
    } } as unknown as RequestLog, { allowed: async(_, resources): Promise<ReadonlySet<string>> => new Set(resources) });
    const list = async(pod = POD): Promise<unknown> => slow.list(pod, READER, {}, PAGE, signal);
    for (let times = 0; times < 2; times += 1) {
      const [ first, other ] = [ list(), list('http://localhost/other/') ];
      await expect(list()).rejects.toMatchObject({ name: 'TooMany', retryAfter: 1 });
      ends.splice(0).forEach((end): void => end());
      await expect(other).rejects.toThrow('gone');
      expect(await first).toEqual({ items: [], total: 0 });
    }
  });

  it('has nothing of what is no id.', async(): Promise<void> => {
    expect(await log.get(POD, READER, '7')).toBeUndefined();
    expect(await log.getOutcome(POD, READER, `${id}.`)).toBeUndefined();
    expect(await log.getOutcome(POD, READER, `${id}.${id}`)).toBeDefined();
  });
});
