import type { ActivityEmitter, NotificationChannel, NotificationChannelStorage } from '@solid/community-server';
import { ActivityCopyListener } from '../../../src/pod/ActivityCopyListener';
import { WatchingChannelStorage } from '../../../src/pod/WatchingChannelStorage';
import type { EventStore } from '../../contract/stores';
import { StoreUnavailable } from '../../../src/store/StoreUnavailable';

describe('Notification channels', (): void => {
  let channels: string[];
  let watched: string[];
  let isLocked: boolean;
  const source = {
    get: async(id: string): Promise<unknown> => ({ id }),
    getAll: async(): Promise<string[]> => channels,
    add: async({ id }: { id: string }): Promise<unknown> => channels.push(id),
    update: async(): Promise<void> => undefined,
    delete: async(): Promise<boolean> => true,
  } as unknown as NotificationChannelStorage;
  const events = {
    watch: async(container: string, on: boolean): Promise<void> => {
      if (isLocked) {
        throw new StoreUnavailable('busy', 'locked');
      }
      watched.push(`${container} ${on}`);
    },
  } as unknown as EventStore;
  const channel = (topic: string): NotificationChannel => ({ id: 'c', type: 't', topic });

  beforeEach((): void => {
    channels = [];
    watched = [];
    isLocked = false;
  });

  it('are kept as by the server, and the containers they watch are known.', async(): Promise<void> => {
    const storage = new WatchingChannelStorage(source, events);
    await storage.add(channel('http://a/inbox/'));
    await storage.add(channel('http://a/document'));
    expect(await storage.get('c')).toEqual({ id: 'c' });
    await expect(storage.update(channel('http://a/inbox/'))).resolves.toBeUndefined();
    expect(await storage.delete('c')).toBe(true);
    expect(await storage.getAll({ path: 'http://a/inbox/' })).toEqual([ 'c', 'c' ]);
    channels = [];
    await storage.getAll({ path: 'http://a/inbox/' });
    expect(watched).toEqual([ 'http://a/inbox/ true', 'http://a/inbox/ true', 'http://a/inbox/ false' ]);
  });

  it('of before the plugin are seen when something happens.', async(): Promise<void> => {
    channels = [ 'old' ];
    await new WatchingChannelStorage(source, events).getAll({ path: 'http://a/inbox/' });
    expect(watched).toEqual([ 'http://a/inbox/ true' ]);
  });

  it('that have ended are told nothing, and a copy is not lost for it.', async(): Promise<void> => {
    const emitted: unknown[] = [];
    const emitter = { emit: (...args: unknown[]): unknown => emitted.push(args) } as unknown as ActivityEmitter;
    await new ActivityCopyListener(emitter, source, events).copyWritten({ container: 'http://a/inbox/', copy: 'http://a/inbox/1' });
    expect(emitted).toEqual([]);
    expect(watched).toEqual([ 'http://a/inbox/ false' ]);
    const failing = { ...source, getAll: async(): Promise<never> => { throw new Error('no'); } } as unknown as NotificationChannelStorage;
    await new ActivityCopyListener(emitter, failing, events).copyWritten({ container: 'http://a/inbox/', copy: 'http://a/inbox/1' });
    expect(emitted).toEqual([]);
  });

  it('that another process adds just as the last one ends are told.', async(): Promise<void> => {
    const emitted: unknown[] = [];
    const emitter = { emit: (...args: unknown[]): unknown => emitted.push(args) } as unknown as ActivityEmitter;
    const answers = [[], [ 'new' ]];
    const racing = { ...source, getAll: async(): Promise<string[]> => answers.shift()! } as unknown as NotificationChannelStorage;
    await new ActivityCopyListener(emitter, racing, events).copyWritten({ container: 'http://a/inbox/', copy: 'http://a/inbox/1' });
    expect(watched).toEqual([ 'http://a/inbox/ false', 'http://a/inbox/ true' ]);
    expect(emitted).toHaveLength(4);
  });

  it('are refused while the store cannot be written, and go on if they are there.', async(): Promise<void> => {
    isLocked = true;
    const storage = new WatchingChannelStorage(source, events);
    await expect(storage.add(channel('http://a/inbox/'))).rejects.toMatchObject({ statusCode: 503 });
    channels = [ 'old' ];
    expect(await storage.getAll({ path: 'http://a/inbox/' })).toEqual([ 'old' ]);
  });
});
