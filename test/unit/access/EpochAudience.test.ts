import { EpochAudience } from '../../../src/access/EpochAudience';
import type { Follower, FollowerPlace, Followers } from '../../../src/access/ports';

const POD = 'http://localhost/user/';
const TOPIC = 'realestate/contact#add';

describe('An audience', (): void => {
  let pages: Follower[][];
  let epoch: number;
  let revision: number;
  let looked: number;
  const readers = new Set<string>();
  const controllers = new Set<string>();
  let audience: EpochAudience;
  const countOf = async(): Promise<number> => (await audience.countOf(POD, TOPIC)).unfiltered;

  beforeEach((): void => {
    pages = [
      [{ id: '1', agent: 'a' }, { id: '2', agent: 'a' }],
      [{ id: '3', agent: 'b' }],
      [{ id: '4', agent: 'c', unconfirmedInbox: 'http://localhost/c/inbox/' }],
    ];
    [ epoch, revision, looked ] = [ 0, 0, 0 ];
    readers.clear();
    controllers.clear();
    const store = {
      revisionOf: async(): Promise<number> => epoch + revision,
      async followersOf(_pod: string, _topic: string, after: FollowerPlace | undefined): Promise<Followers> {
        looked += 1;
        const page = (after?.inbox ?? -1) + 1;
        return { followers: pages[page], ...page + 1 < pages.length && { next: { pattern: 0, inbox: page }}};
      },
    };
    audience = new EpochAudience(
      store,
      {
        async readersOf(resource, agents): Promise<Set<string>> {
          expect(resource).toMatch(/^http:\/\/localhost\/user\/(?:\d\/)?topics\/realestate\/contact\/add$/u);
          return new Set(agents.filter((agent): boolean => readers.has(agent)));
        },
      },
      {
        async allowed({ agent }, resources): Promise<Set<string>> {
          return new Set(controllers.has(agent!) ? resources : []);
        },
      },
    );
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  it('is those who may read the topic, and control their inboxes where that is in doubt.', async(): Promise<void> => {
    expect(await countOf()).toBe(0);
    for (const agent of [ 'a', 'b', 'c' ]) {
      readers.add(agent);
    }
    epoch += 1;
    expect(await countOf()).toBe(3);
    controllers.add('c');
    epoch += 1;
    expect(await countOf()).toBe(4);
  });

  it('is counted again only when access or the subscriptions have changed, or after a minute.', async(): Promise<void> => {
    readers.add('a');
    expect(await countOf()).toBe(2);
    expect(await countOf()).toBe(2);
    expect(await audience.hasAny(POD, TOPIC)).toBe(true);
    expect(looked).toBe(3);
    revision += 1;
    await audience.countOf(POD, TOPIC);
    expect(looked).toBe(6);
    epoch += 1;
    await audience.countOf(POD, TOPIC);
    expect(looked).toBe(9);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    await audience.countOf(POD, TOPIC);
    expect(looked).toBe(12);
  });

  it('is counted once for all who ask at the same time.', async(): Promise<void> => {
    readers.add('a');
    expect(await Promise.all([ countOf(), countOf(), countOf() ])).toEqual([ 2, 2, 2 ]);
    expect(looked).toBe(3);
  });

  it('is known to be there from its first member on, but not how many it has.', async(): Promise<void> => {
    readers.add('a').add('b');
    expect(await audience.hasAny(POD, TOPIC)).toBe(true);
    expect(looked).toBe(1);
    expect(await countOf()).toBe(3);
    expect(looked).toBe(4);
  });

  it('is known to be empty after all were looked at.', async(): Promise<void> => {
    expect(await audience.hasAny(POD, TOPIC)).toBe(false);
    expect(await countOf()).toBe(0);
    expect(looked).toBe(3);
  });

  it('counts subscriptions with filters apart, by their filters.', async(): Promise<void> => {
    readers.add('a').add('b');
    pages = [
      [{ id: '1', agent: 'a', filters: 'f' }, { id: '2', agent: 'c', filters: 'f' }],
      [{ id: '3', agent: 'b', filters: 'f' }, { id: '4', agent: 'b', filters: 'g' }, { id: '5', agent: 'a' }],
    ];
    const filtered = new Map([[ 'f', 2 ], [ 'g', 1 ]]);
    expect(await audience.countOf(POD, TOPIC)).toEqual({ unfiltered: 1, filtered });
    expect(await audience.hasAny(POD, TOPIC)).toBe(true);
    expect(await audience.membersOf(POD, TOPIC, 3)).toEqual([{ id: '1', filters: 'f' }, { id: '3', filters: 'f' }, { id: '4', filters: 'g' }]);
    expect(await audience.membersOf(POD, TOPIC, 100)).toHaveLength(4);
    pages[1].pop();
    revision += 1;
    looked = 0;
    expect(await audience.hasAny(POD, TOPIC)).toBe(false);
    expect(await audience.countOf(POD, TOPIC)).toEqual({ unfiltered: 0, filtered });
    expect(looked).toBe(2);
  });

  it('forgets the oldest of very many counts, and those with long filters first.', async(): Promise<void> => {
    pages = [[{ id: '1', agent: 'a', filters: 'f'.repeat(256 * 6_000) }]];
    readers.add('a');
    await audience.countOf(`${POD}1/`, TOPIC);
    await audience.countOf(`${POD}2/`, TOPIC);
    looked = 0;
    await audience.countOf(`${POD}2/`, TOPIC);
    expect(looked).toBe(0);
    await audience.countOf(`${POD}1/`, TOPIC);
    expect(looked).toBe(1);
  });

  it('forgets the oldest of very many counts.', async(): Promise<void> => {
    pages = [[]];
    for (let index = 0; index <= 10_000; index += 1) {
      await audience.hasAny(`${POD}${index}/`, TOPIC);
    }
    looked = 0;
    await audience.hasAny(`${POD}10000/`, TOPIC);
    expect(looked).toBe(0);
    await audience.hasAny(`${POD}0/`, TOPIC);
    expect(looked).toBe(1);
  });
});
