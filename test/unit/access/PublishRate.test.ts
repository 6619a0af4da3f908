import { PublishRate } from '../../../src/access/PublishRate';
import { TooMany } from '../../../src/event/TooMany';

const POD = 'http://localhost/a/';

describe('The rate of publishing', (): void => {
  it('is bound for each agent, and for the public as one.', async(): Promise<void> => {
    const rate = new PublishRate(3);
    await rate.count('me', POD, 2);
    await rate.count('me', POD, 1);
    const refused = await rate.count('me', POD, 1).catch((error: unknown): unknown => error) as TooMany;
    expect(refused).toBeInstanceOf(TooMany);
    expect(refused.message).toContain('At most 3 events in a minute are accepted of me');
    expect(refused.retryAfter).toBeGreaterThan(50);
    expect(refused.retryAfter).toBeLessThanOrEqual(60);
    await rate.count('you', POD, 3);
    await rate.count(undefined, POD, 3);
    await expect(rate.count(undefined, POD, 1)).rejects.toThrow(`the public through ${POD}`);
    await rate.count(undefined, 'http://localhost/b/', 3);
  });

  it('can have no bound.', async(): Promise<void> => {
    await expect(new PublishRate(0).count('me', POD, 1_000_000)).resolves.toBeUndefined();
  });

  it('does not hide other faults.', async(): Promise<void> => {
    const rate = new PublishRate(1);
    jest.spyOn((rate as unknown as { limiter: { consume: () => Promise<void> } }).limiter, 'consume').mockRejectedValue(new Error('broken'));
    await expect(rate.count('me', POD, 1)).rejects.toThrow('broken');
  });
});
