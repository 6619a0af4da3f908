import type { TokenHashes } from '../../src/identity/tokens/refreshToken';
import { generateRefreshToken } from '../../src/identity/tokens/refreshToken';
import type { ChainLimits, RefreshChain, RefreshTokenStore, UseResult } from '../../src/identity/tokens/RefreshTokenStore';
import { MAX_REPLAYABLE, REPLAY_TIME } from '../../src/identity/tokens/RefreshTokenStore';
import type { OpenStores, Stores } from './stores';
import { shared } from './stores';

const POD = 'http://localhost/user/';
const WEBID = `${POD}profile/card#me`;
const NOW = 1_700_000_000_000;
const LIMITS: ChainLimits = { perAgent: 10, total: 100 };

/** Contract of `RefreshTokenStore`. */
export function describeRefreshTokenStoreContract(
  name: string,
  open: OpenStores<'events' | 'lifecycle' | 'probe' | 'refreshTokens'>,
): void {
  describe(`${name}: refresh tokens`, (): void => {
    let stores: Pick<Stores, 'events' | 'lifecycle' | 'probe' | 'refreshTokens'>;
    let store: RefreshTokenStore;
    const chainOf = (fields: Partial<RefreshChain> = {}): RefreshChain =>
      ({ agent: WEBID, pod: POD, scopes: [ 'publish', 'subscribe' ], clientId: 'app_1', ends: NOW + 1_000_000, ...fields });
    const start = async(fields: Partial<RefreshChain> = {}, limits = LIMITS): Promise<ReturnType<typeof generateRefreshToken>> => {
      const token = generateRefreshToken();
      expect(await store.startChain(token, chainOf(fields), limits, NOW)).toBe(true);
      return token;
    };
    const use = async(token: { text: string } & TokenHashes, now = NOW, answer = 'sealed'):
    Promise<{ result: UseResult; next: ReturnType<typeof generateRefreshToken> }> => {
      const next = generateRefreshToken(token.text);
      return { next, result: await store.useToken(token, { next: next.token, answer: Buffer.from(answer), now }) };
    };
    const isAlive = async(token: TokenHashes, now = NOW): Promise<boolean> => await store.findChain(token, now) !== undefined;

    beforeEach(async(): Promise<void> => {
      stores = shared(await open());
      await stores.events.open();
      await stores.events.registerPod(POD);
      store = stores.refreshTokens;
    });

    afterEach(async(): Promise<void> => stores.events.close());

    it('finds a chain with all fields by its current token.', async(): Promise<void> => {
      const full = { client: 'https://app.example/', scopes: [ 'read' ] as const };
      const token = await start(full);
      expect(await store.findChain(token, NOW)).toEqual({ chain: chainOf(full), isCurrent: true });
      const byKey: RefreshChain = {
        agent: WEBID, pod: POD, scopes: [ 'publish' ], key: { id: 'key', prefix: 'AAECAwQFBgc' }, ends: NOW + 5,
      };
      const other = generateRefreshToken();
      await store.startChain(other, byKey, LIMITS, NOW);
      expect(await store.findChain(other, NOW)).toEqual({ chain: byKey, isCurrent: true });
      expect(await store.findChain(generateRefreshToken(), NOW)).toBeUndefined();
    });

    it('returns the chain of a token that it never contained, as not current.', async(): Promise<void> => {
      const token = await start();
      expect(await store.findChain(generateRefreshToken(token.text), NOW)).toEqual({ chain: chainOf(), isCurrent: false });
    });

    it('uses a token once, and returns its answer for 10 seconds.', async(): Promise<void> => {
      const token = await start();
      const { result, next } = await use(token);
      expect(result).toBe('used');
      expect((await use(token)).result).toBe('late');
      expect(await store.findChain(next, NOW)).toEqual({ chain: chainOf(), isCurrent: true });
      for (const now of [ NOW - REPLAY_TIME, NOW, NOW + REPLAY_TIME ]) {
        expect(await store.findChain(token, now)).toEqual({ chain: chainOf(), isCurrent: false, answer: Buffer.from('sealed') });
      }
      for (const now of [ NOW - REPLAY_TIME - 1, NOW + REPLAY_TIME + 1 ]) {
        expect(await store.findChain(token, now)).toEqual({ chain: chainOf(), isCurrent: false });
      }
    });

    it('uses a token once if it is used many times at once.', async(): Promise<void> => {
      const token = await start();
      const uses = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<UseResult> =>
        (await use(token, NOW, `${index}`)).result));
      expect(uses.filter((result): boolean => result === 'used')).toHaveLength(1);
      expect(uses.filter((result): boolean => result === 'late')).toHaveLength(7);
      expect(Number((await store.findChain(token, NOW))!.answer)).toBe(uses.indexOf('used'));
    });

    it('keeps the answers of all tokens used within 10 seconds, up to a maximum.', async(): Promise<void> => {
      let token = await start();
      const used = [];
      for (let index = 0; index < MAX_REPLAYABLE; index += 1) {
        used.push(token);
        token = (await use(token, NOW, `${index}`)).next;
      }
      const answers = await Promise.all(used.map(async(each): Promise<number> => Number((await store.findChain(each, NOW))!.answer)));
      expect(answers).toEqual(used.map((_each, index): number => index));
      expect((await use(token)).result).toBe('busy');
      expect((await store.findChain(token, NOW))!.isCurrent).toBe(true);
      expect((await use(token, NOW + REPLAY_TIME + 1)).result).toBe('used');
    });

    it('ends a chain by one of its tokens, or with all chains of a WebID.', async(): Promise<void> => {
      const [ one, two ] = [ await start(), await start() ];
      const other = await start({ agent: 'http://localhost/other#me' });
      const { next } = await use(one);
      await store.endChain(one);
      expect([ await isAlive(one), await isAlive(next), await isAlive(two) ]).toEqual([ false, false, true ]);
      expect((await use(next)).result).toBe('late');
      await store.endChainsOf('http://localhost/nobody#me');
      await store.endChainsOf(WEBID);
      expect([ await isAlive(two), await isAlive(other) ]).toEqual([ false, true ]);
    });

    it('ends a chain at its time.', async(): Promise<void> => {
      const token = await start({ ends: NOW + 5 });
      expect(await isAlive(token, NOW + 4)).toBe(true);
      expect(await isAlive(token, NOW + 5)).toBe(false);
      expect((await use(token, NOW + 5)).result).toBe('late');
    });

    it('ends the oldest chain of an agent for a new one above its maximum.', async(): Promise<void> => {
      const limits = { perAgent: 2, total: 100 };
      const other = await start({ agent: 'http://localhost/other#me' }, limits);
      const tokens = [ await start({}, limits), await start({}, limits), await start({}, limits) ];
      expect(await Promise.all([ other, ...tokens ].map(async(token): Promise<boolean> => isAlive(token))))
        .toEqual([ true, false, true, true ]);
    });

    it('starts no chain above the maximum of all agents, except in place of a chain of the same agent.', async(): Promise<void> => {
      const limits = { perAgent: 2, total: 3 };
      const tokens = [ await start({}, limits), await start({}, limits), await start({ agent: 'http://localhost/other#me' }, limits) ];
      expect(await store.startChain(generateRefreshToken(), chainOf({ agent: 'http://localhost/third#me' }), limits, NOW)).toBe(false);
      await start({}, limits);
      expect(await Promise.all(tokens.map(async(token): Promise<boolean> => isAlive(token)))).toEqual([ false, true, true ]);
      // Ended chains do not count.
      expect(await store.startChain(generateRefreshToken(), chainOf({ agent: 'http://localhost/third#me', ends: NOW + 2_000_000 }), limits, NOW + 1_000_000)).toBe(true);
    });

    it('ends chains with their pod, and with the pod of their agent, and a later pod with the same URL has none.', async(): Promise<void> => {
      const there = 'http://localhost/there/';
      await stores.events.registerPod(there);
      const [ own, elsewhere ] = [ await start(), await start({ pod: there }) ];
      const unrelated = await start({ pod: there, agent: `${there}profile/card#me` });
      await stores.lifecycle.endPod(POD);
      await stores.events.registerPod(POD);
      expect([ await isAlive(own), await isAlive(elsewhere), await isAlive(unrelated) ]).toEqual([ false, false, true ]);
      const next = await start();
      expect([ await isAlive(own), await isAlive(next) ]).toEqual([ false, true ]);
    });

    it('sweeps ended chains and old answers in bounded steps.', async(): Promise<void> => {
      const now = Date.now();
      const limits = { perAgent: 1_000, total: 1_000 };
      for (let index = 0; index < 7; index += 1) {
        await store.startChain(generateRefreshToken(), chainOf({ ends: now - 1 }), limits, now - 10_000);
      }
      const token = await start({ ends: now + 1_000_000 }, limits);
      await use(token, now - REPLAY_TIME - 5_000);
      // As after the clock was set back.
      await use(await start({ ends: now + 1_000_000 }, limits), now + 60_000);
      expect(stores.probe.countTokens()).toEqual({ chains: 9, answers: 2 });
      expect(await stores.lifecycle.sweep(3)).toBe(true);
      expect(stores.probe.countTokens()).toEqual({ chains: 6, answers: 1 });
      while (await stores.lifecycle.sweep(3)) {
        // Each call removes a part.
      }
      expect(stores.probe.countTokens()).toEqual({ chains: 2, answers: 1 });
      expect(await isAlive(token, now)).toBe(true);
    });

    it('sweeps the chains of ended pods.', async(): Promise<void> => {
      const token = await start({ ends: Date.now() + 1_000_000 });
      await use(token, Date.now());
      await stores.lifecycle.endPod(POD);
      expect(stores.probe.countTokens().chains).toBe(1);
      while (await stores.lifecycle.sweep(3)) {
        // Each call removes a part.
      }
      expect(stores.probe.countTokens()).toEqual({ chains: 0, answers: 0 });
    });
  });
}
