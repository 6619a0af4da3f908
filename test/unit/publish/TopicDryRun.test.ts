import { TopicDryRun } from '../../../src/publish/TopicDryRun';
import type { Access, AudienceCount } from '../../../src/access/ports';
import { PublishRate } from '../../../src/access/PublishRate';
import { TooMany } from '../../../src/event/TooMany';

const POD = 'http://localhost/user/';
const ME = { agent: 'http://localhost/me#me' };

describe('A precheck', (): void => {
  const allowed = jest.fn<ReturnType<Access['allowed']>, Parameters<Access['allowed']>>();
  const countOf = jest.fn(async(): Promise<AudienceCount> => ({ unfiltered: 7, filtered: new Map([[ 'f', 2 ], [ 'g', 1 ]]) }));
  const audience = { countOf, hasAny: async(): Promise<boolean> => true, membersOf: async(): Promise<[]> => []};
  let publishRate: PublishRate;
  let precheck: TopicDryRun;

  beforeEach((): void => {
    jest.clearAllMocks();
    allowed.mockImplementation(async(_caller, resources): Promise<Set<string>> =>
      new Set(resources.filter((resource): boolean => resource.includes('/open/'))));
    publishRate = new PublishRate(10);
    precheck = new TopicDryRun({ allowed }, audience, publishRate, new PublishRate(20, 'checked'));
  });

  it('tells of each topic in order, and asks access control once for all.', async(): Promise<void> => {
    expect(await precheck.check(ME, POD, [ 'open/a', 'closed/b', 'open/a', 'open/c#d' ])).toEqual([
      { mayPublish: true, subscriptions: 7, filtered: 3 },
      { mayPublish: false, subscriptions: 0, filtered: 0 },
      { mayPublish: true, subscriptions: 7, filtered: 3 },
      { mayPublish: true, subscriptions: 7, filtered: 3 },
    ]);
    expect(allowed.mock.calls).toEqual([[ ME, [ `${POD}topics/open/a/`, `${POD}topics/closed/b/`, `${POD}topics/open/c/d` ], 'append' ]]);
  });

  it('counts nobody for what may not be published, be it by a limited key.', async(): Promise<void> => {
    expect(await precheck.check({ ...ME, limits: { topics: [ 'open/a' ]}}, POD, [ 'closed/b', 'open/b' ]))
      .toEqual([{ mayPublish: false, subscriptions: 0, filtered: 0 }, { mayPublish: false, subscriptions: 0, filtered: 0 }]);
    expect(countOf).not.toHaveBeenCalled();
  });

  it('is bounded, in numbers of its own.', async(): Promise<void> => {
    const topics = Array.from({ length: 15 }, (): string => 'open/a');
    await precheck.check(ME, POD, topics);
    await expect(precheck.check(ME, POD, topics)).rejects.toThrow(/^At most 20 events in a minute are checked of http:\/\/localhost\/me#me/u);
    await publishRate.count(ME.agent, POD, 10);
    await expect(publishRate.count(ME.agent, POD, 1)).rejects.toThrow(TooMany);
  });

  it('promises nothing to whom has published too much.', async(): Promise<void> => {
    await publishRate.count(ME.agent, POD, 10);
    await expect(precheck.check(ME, POD, [ 'open/a' ])).rejects.toThrow('are accepted of');
  });
});
