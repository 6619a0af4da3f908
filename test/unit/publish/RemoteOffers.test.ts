import type { Event } from '../../../src/event/Event';
import type { Offer } from '../../../src/publish/ports';
import { RemoteOffers } from '../../../src/publish/RemoteOffers';

const HERE = 'http://localhost/ann/#me';
const PODS = new Map([[ HERE, 'http://localhost/ann/' ]]);
const EVENT = { context: '{}', members: '{"id":"x"}' } as Event;
const ACCEPTED = [{ event: EVENT, forwards: []}];
const away = (name: string): string => `https://${name}.example/#me`;
const request = (...names: string[]): Parameters<RemoteOffers['offer']>[0] =>
  ({ drafts: [{ topic: 'a', recipients: [ HERE, ...names.map(away) ], sources: []}], hops: 1 });

describe('Offers to recipients on other servers', (): void => {
  const offer = jest.fn<Promise<Offer>, [ string, string, number ]>();
  const problemOf = jest.fn<Promise<string | undefined>, [ string, number ]>();
  const offers = new RemoteOffers(
    { kind: 'recipient', offer, problemOf },
    { now: (): number => 1_000_000, wake: (): void => undefined, firstRetryDelay: (): number => 5_000 },
    500,
  );

  beforeEach((): void => {
    jest.resetAllMocks();
  });

  it('are not made to recipients here.', async(): Promise<void> => {
    expect(await offers.offer(request(), ACCEPTED, PODS)).toBe(ACCEPTED);
    expect(offer).not.toHaveBeenCalled();
  });

  it('have outcomes, after which a delivery is due at once, later, or when the recipient allows it.', async(): Promise<void> => {
    const attempt = { at: 1, duration: 1, status: 503 };
    const outcomes: Record<string, Partial<Offer>> = {
      taken: { outcome: 'taken', attempt, copy: 'https://taken.example/1' },
      failed: { outcome: 'failed', attempt },
      late: { outcome: 'later' },
      busy: { outcome: 'later', attempt },
      resting: { outcome: 'later', attempt, rest: 60_000 },
    };
    offer.mockImplementation(async(webId) => ({ host: 'h', ...outcomes[new URL(webId).hostname.split('.')[0]] } as Offer));
    const [{ recipients }] = await offers.offer(request(...Object.keys(outcomes)), ACCEPTED, PODS);
    expect(recipients).toMatchObject([
      { agent: away('taken'), isDelivered: true, isDead: false, copy: 'https://taken.example/1' },
      { agent: away('failed'), isDelivered: false, isDead: true },
      { agent: away('late'), isDelivered: false, isDead: false, due: 1_000_000 },
      { agent: away('busy'), due: 1_005_000 },
      { agent: away('resting'), due: 1_060_000, rests: 1_060_000 },
    ]);
    expect(JSON.parse(offer.mock.calls[0][1])).toMatchObject({ id: 'x', 'events:hops': 2 });
  });

  it('refuse the whole request if one of them is refused.', async(): Promise<void> => {
    offer.mockResolvedValue({ outcome: 'refused', host: 'h' });
    await expect(offers.offer(request('no'), ACCEPTED, PODS)).rejects.toThrow(`Not authorized to publish to ${away('no')} on topic a`);
  });

  it('are told before to be impossible, for each recipient once.', async(): Promise<void> => {
    problemOf.mockImplementation(async(agent) => agent === away('none') ? 'it has no inbox' : undefined);
    const results = [[ 'none', 'some' ], [ 'none' ], []].map((names) => ({ subscriptions: 0, excluded: 0, elsewhere: names.map(away) }));
    expect(await offers.findUnreachable(results)).toEqual([
      { ...results[0], unreachable: [{ agent: away('none'), reason: 'it has no inbox' }]},
      { ...results[1], unreachable: [{ agent: away('none'), reason: 'it has no inbox' }]},
      results[2],
    ]);
    expect(problemOf).toHaveBeenCalledTimes(2);
  });
});
