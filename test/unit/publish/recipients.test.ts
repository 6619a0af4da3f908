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

  it('forward the event, and so does the producer if it is told, without a copy.', (): void => {
    const found = new Map([[ ANN, 'http://localhost/ann/' ], [ 'me', POD ]]);
    const forward = { pod: 'http://localhost/ann/', inbox: 'http://localhost/ann/inbox/' };
    expect(forwardsOf(draft([ ANN ], [ AWAY ]), { pod: POD }, found)).toEqual([ forward ]);
    expect(forwardsOf(draft([ ANN ]), { pod: POD, toProducer: true }, found)).toEqual([ forward, { pod: POD }]);
    expect(forwardsOf(draft([ 'me' ]), { pod: POD, toProducer: true }, found)).toEqual([{ pod: POD }]);
  });

  it('elsewhere are limited in number.', (): void => {
    expect((): void => assertRemoteCount(LIMITS.remotePerRequest)).not.toThrow();
    expect((): void => assertRemoteCount(LIMITS.remotePerRequest + 1)).toThrow(InvalidInput);
  });
});
