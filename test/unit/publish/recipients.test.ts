import type { Pods } from '../../../src/access/ports';
import type { EventDraft } from '../../../src/event/Event';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { LIMITS } from '../../../src/event/limits';
import { assertRemoteCount, canonicalRequest, findPods, forwardsOf, remoteAddressees } from '../../../src/publish/recipients';

const POD = 'http://localhost/producer/';
const ANN = 'http://localhost/ann/#me';
const AWAY = 'https://elsewhere.example/#me';
const draft = (recipients: string[], sources: string[] = []): EventDraft => ({ topic: 'a', recipients, sources });

describe('The recipients of a request', (): void => {
  const pods = {
    podOf: async(webId: string): ReturnType<Pods['podOf']> =>
      webId === ANN ? { pod: 'http://localhost/ann/' } : { reason: webId === AWAY ? 'elsewhere' : 'unknown' },
    canonical: (webId: string, name: string): string => {
      if (webId.includes('bad')) {
        throw new InvalidInput(`Invalid ${name}`);
      }
      return webId.toLowerCase();
    },
  };

  it('are made canonical, each once, and recipients are no sources.', async(): Promise<void> => {
    const request = { pod: POD, caller: {}, resource: `${POD}publish/`, drafts: [ draft([ ANN.toUpperCase(), ANN ], [ ANN, AWAY ]) ]};
    expect(await canonicalRequest(pods, request)).toEqual({ ...request, drafts: [ draft([ ANN ], [ AWAY ]) ]});
    const bad = { ...request, drafts: [ draft([ ANN ]), draft([], [ 'bad' ]) ]};
    await expect(canonicalRequest(pods, bad)).rejects.toThrow(/^Invalid source/u);
    await expect(canonicalRequest(pods, { ...bad, isArray: true })).rejects.toThrow('[1]: Invalid source');
  });

  it('have pods here, or are elsewhere, or are refused.', async(): Promise<void> => {
    const found = await findPods(pods, { drafts: [ draft([ ANN, AWAY ]) ]});
    expect(found).toEqual(new Map([[ ANN, 'http://localhost/ann/' ]]));
    expect(remoteAddressees(draft([ ANN ], [ AWAY ]), found)).toEqual([ AWAY ]);
    const unknown = { drafts: [ draft([ ANN ]), draft([ 'http://localhost/nobody/#me' ]) ]};
    await expect(findPods(pods, unknown)).rejects.toThrow(/^Recipient http:\/\/localhost\/nobody\/#me has no pod/u);
    await expect(findPods(pods, { ...unknown, isArray: true })).rejects.toThrow('[1]: Recipient');
  });

  it('forward the event and get a copy, each pod once.', (): void => {
    const found = new Map([[ ANN, 'http://localhost/ann/' ], [ 'ben', 'http://localhost/ann/' ], [ 'me', POD ], [ 'we', POD ]]);
    const forward = { pod: 'http://localhost/ann/', inbox: 'http://localhost/ann/inbox/' };
    const own = { pod: POD, inbox: `${POD}inbox/` };
    expect(forwardsOf(draft([ ANN ], [ AWAY ]), { pod: POD }, found)).toEqual([ forward ]);
    expect(forwardsOf(draft([ ANN, 'ben' ], [ 'ben', ANN ]), { pod: POD }, found)).toEqual([ forward ]);
    expect(forwardsOf(draft([ 'me', ANN ], [ 'we' ]), { pod: POD }, found)).toEqual([ own, forward ]);
  });

  it('include a producing pod without an addressee, which gets no copy.', (): void => {
    const found = new Map([[ ANN, 'http://localhost/ann/' ], [ 'me', POD ]]);
    const forward = { pod: 'http://localhost/ann/', inbox: 'http://localhost/ann/inbox/' };
    const producing = { pod: POD, toProducer: true };
    expect(forwardsOf(draft([]), producing, found)).toEqual([{ pod: POD }]);
    expect(forwardsOf(draft([ ANN ]), producing, found)).toEqual([ forward, { pod: POD }]);
    expect(forwardsOf(draft([ 'me' ]), producing, found)).toEqual([{ pod: POD, inbox: `${POD}inbox/` }]);
  });

  it('elsewhere are limited in number.', (): void => {
    expect((): void => assertRemoteCount(LIMITS.remotePerRequest)).not.toThrow();
    expect((): void => assertRemoteCount(LIMITS.remotePerRequest + 1)).toThrow(InvalidInput);
  });
});
