import { PublishRate } from '../../../src/publish/PublishRate';
import { TooMany } from '../../../src/publish/TooMany';

describe('The rate of publishing', (): void => {
  it('is bound for each agent, and for the public as one.', async(): Promise<void> => {
    const rate = new PublishRate(3);
    await rate.count('me', 2);
    await rate.count('me', 1);
    const refused = await rate.count('me', 1).catch((error: unknown): unknown => error) as TooMany;
    expect(refused).toBeInstanceOf(TooMany);
    expect(refused.message).toContain('At most 3 events in a minute are accepted of me');
    expect(refused.retryAfter).toBeGreaterThan(50);
    expect(refused.retryAfter).toBeLessThanOrEqual(60);
    await rate.count('you', 3);
    await rate.count(undefined, 3);
    await expect(rate.count(undefined, 1)).rejects.toThrow('the public');
  });

  it('can have no bound.', async(): Promise<void> => {
    await expect(new PublishRate(0).count('me', 1_000_000)).resolves.toBeUndefined();
  });

  it('does not hide other faults.', async(): Promise<void> => {
    const rate = new PublishRate(1);
    jest.spyOn((rate as unknown as { limiter: { consume: () => Promise<void> } }).limiter, 'consume').mockRejectedValue(new Error('broken'));
    await expect(rate.count('me', 1)).rejects.toThrow('broken');
  });
});
