import { EventEmitter } from 'node:events';
import type { Access } from '../../../../src/access/ports';
import type { StreamOutput } from '../../../../src/http/Endpoint';
import { ContainerWatch } from '../../../../src/http/listing/ContainerWatch';
import { parsePlace } from '../../../../src/http/listing/listingPlace';
import { parseStream } from '../../../../src/http/stream/parseStream';
import type { StreamRequest } from '../../../../src/http/stream/Streams';
import { Streams } from '../../../../src/http/stream/Streams';
import { SqliteEventStore } from '../../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../../src/store-sqlite/SqliteSession';
import { anEvent, PRODUCER, PUBLISH } from '../../../contract/fixtures';
import { eventually } from '../../../util/wait';

/** A client that reads everything at once, or nothing. */
class Client extends EventEmitter {
  public text = '';
  public destroyed = false;
  public writableLength = 0;
  public isReading = true;

  public write(text: string): boolean {
    this.text += text;
    this.writableLength += this.isReading ? 0 : text.length;
    return this.writableLength === 0;
  }

  public end(text = ''): this {
    this.text += text;
    return this.destroy();
  }

  public destroy(): this {
    if (!this.destroyed) {
      this.destroyed = true;
      this.emit('close');
    }
    return this;
  }

  public get ids(): string[] {
    return [ ...this.text.matchAll(/"eventurl":"[^"]*\/([^"/]+)"/gu) ].map(([ , id ]): string => id);
  }

  public get positions(): string[] {
    return [ ...this.text.matchAll(/^id: (.*)$/gmu) ].map(([ , id ]): string => id);
  }
}

const ALL: Access = { allowed: async(_caller, resources): Promise<Set<string>> => new Set(resources) };

describe('Streams', (): void => {
  let store: SqliteEventStore;
  let streams: Streams;
  let counts: number[];
  const running: Promise<void>[] = [];

  beforeEach((): void => {
    store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    counts = [];
    streams = create();
  });

  afterEach(async(): Promise<void> => {
    streams.stop();
    await Promise.all(running.splice(0));
    await store.close();
  });

  function create(limits: object = {}): Streams {
    return new Streams({
      store,
      containers: new ContainerWatch(store),
      access: ALL,
      work: { run: async(task, input): Promise<any> => task.run(input, undefined as never) },
      baseUrl: 'http://localhost/',
      meter: { streamsOpen: (count): unknown => counts.push(count) },
      ...limits,
    });
  }

  function open(query = '', client = new Client(), fields: Partial<StreamRequest> = {}): Client {
    const write = streams.open({
      container: { url: PUBLISH, pod: PRODUCER, isInbox: false },
      caller: {},
      owner: { key: 'a', shown: 'A' },
      query: parseStream(new URLSearchParams(query)),
      checkCredential: async(): Promise<void> => undefined,
      checkAccess: async(): Promise<void> => undefined,
      ...fields,
    });
    running.push(write(client as unknown as StreamOutput));
    return client;
  }

  async function publish(count: number, fields: object = {}): Promise<string[]> {
    const events = Array.from({ length: count }, (): any => anEvent(fields));
    await store.accept(events.map((event): any => ({ event, forwards: []})));
    return events.map(({ id }): string => id);
  }

  async function has(client: Client, ids: readonly string[]): Promise<void> {
    await eventually(async(): Promise<true | undefined> => client.ids.length >= ids.length || undefined, 30_000);
    expect(client.ids).toEqual(ids);
  }

  it('share the reads of new items, whatever their number.', async(): Promise<void> => {
    streams = create({ maxPerAgent: 200 });
    const clients = Array.from({ length: 100 }, (): Client => open());
    await eventually(async(): Promise<true | undefined> => clients.every(({ text }): boolean => text !== '') || undefined);
    // Until all streams wait.
    await has(open('from=0'), []);
    const first = await publish(1);
    await Promise.all(clients.map(async(client): Promise<void> => has(client, first)));
    const read = jest.spyOn(store, 'listStep');
    const load = jest.spyOn(store, 'listedEvent');
    const second = await publish(3);
    await Promise.all(clients.map(async(client): Promise<void> => has(client, [ ...first, ...second ])));
    expect(read.mock.calls.length).toBeLessThanOrEqual(4);
    expect(load).toHaveBeenCalledTimes(3);
  });

  it('send each event once and in order to clients that come and go at any position.', async(): Promise<void> => {
    const published: string[] = [];
    const seen: string[] = [];
    let position = 'from=0';
    for (let round = 0; round < 30; round += 1) {
      const client = open(position);
      published.push(...await publish(round % 7));
      if (round % 3 > 0) {
        await eventually(async(): Promise<true | undefined> => client.ids.length > 0 || round % 7 === 0 || undefined);
      }
      client.destroy();
      seen.push(...client.ids);
      position = client.positions.length > 0 ? `from=${client.positions.at(-1)!}` : position;
      published.push(...await publish(60 * Number(round % 10 === 0)));
    }
    const last = open(position);
    await eventually(async(): Promise<true | undefined> => seen.length + last.ids.length >= published.length || undefined);
    expect([ ...seen, ...last.ids ]).toEqual(published);
  });

  it('wait for a client that reads earlier events slowly, and disconnect one that is slow later.', async(): Promise<void> => {
    streams = create({ maxBuffer: 1_000 });
    const ids = await publish(60);
    const slow = new Client();
    slow.isReading = false;
    open('from=0', slow);
    await eventually(async(): Promise<true | undefined> => slow.writableLength > 1_000 || undefined);
    expect(slow.destroyed).toBe(false);
    expect(slow.ids.length).toBeLessThan(60);
    slow.isReading = true;
    slow.writableLength = 0;
    slow.emit('drain');
    await has(slow, ids);
    const late = await publish(1);
    await has(slow, [ ...ids, ...late ]);
    slow.isReading = false;
    await publish(60);
    await eventually(async(): Promise<true | undefined> => slow.destroyed || undefined);
    expect(slow.ids.length).toBeLessThan(121);
    expect(parsePlace(slow.positions.at(-1)!)).toBeDefined();
  });

  it('are counted, and refused above the limits.', async(): Promise<void> => {
    streams = create({ maxPerAgent: 2, maxStreams: 3 });
    const clients = [ open(), open() ];
    expect((): unknown => open()).toThrow('A has 2 open streams, and at most 2 are accepted');
    const other = { owner: { key: 'b', shown: 'B' }};
    clients.push(open('', undefined, other));
    expect((): unknown => open('', undefined, other)).toThrow('The server has 3 open streams');
    expect(streams.count).toBe(3);
    clients.forEach((client): unknown => client.destroy());
    await Promise.all(running);
    expect([ streams.count, counts.at(-1) ]).toEqual([ 0, 0 ]);
    open();
  });

  it('end with the server, and later ones at once.', async(): Promise<void> => {
    const client = open();
    await has(client, []);
    streams.stop();
    await Promise.all(running);
    expect(client.text).toMatch(/: the server stops\n\n$/u);
    const late = open();
    await Promise.all(running);
    expect(late.destroyed).toBe(true);
  });

  it('end before an event if access or the credential has ended.', async(): Promise<void> => {
    let isAllowed = true;
    const client = open('', undefined, {
      checkAccess: async(): Promise<void> => {
        if (!isAllowed) {
          throw new Error('Not authorized:\nask the owner');
        }
      },
    });
    const expired = open('', undefined, { expires: Date.now() + 300 });
    const [ first ] = await publish(1);
    await has(client, [ first ]);
    isAllowed = false;
    await new Promise((resolve): unknown => setTimeout(resolve, 400));
    await publish(1);
    await Promise.all(running);
    expect(client.ids).toEqual([ first ]);
    expect(client.text).toMatch(/: Not authorized: ask the owner\n\n$/u);
    expect(expired.text).toMatch(/: the credential has expired\n\n$/u);
  });

  it('end if the store fails, and release their place.', async(): Promise<void> => {
    jest.spyOn(store, 'listStep').mockRejectedValue(new Error('busy'));
    const client = open('from=0');
    await Promise.all(running);
    expect([ client.destroyed, streams.count ]).toEqual([ true, 0 ]);
  });
});
