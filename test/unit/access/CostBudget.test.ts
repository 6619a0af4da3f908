import { CostBudget } from '../../../src/access/CostBudget';
import { detached } from '../../../src/event/detached';
import { charge, chargedLater, chargeTo, COSTS, currentAccount, linkedDataCost } from '../../../src/access/costs';
import { TooMany } from '../../../src/event/TooMany';

const SERVER = 'http://localhost/';
const POD = `${SERVER}user/`;
const IDP = 'http://idp.example/';

describe('A budget of cost', (): void => {
  let now: number;
  let budget: CostBudget;

  beforeEach((): void => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation((): number => now);
    budget = new CostBudget(SERVER, 100, 400);
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  /** Charges a new request of somebody. Returns the seconds to wait, or 0 if it was accepted. */
  const spend = (units: number, agent?: string, issuer?: string, pod = POD, address = '192.0.2.1'): number => {
    const account = budget.open(pod, address);
    account.charge(units);
    try {
      account.identify({ agent, issuer });
      return 0;
    } catch (error: unknown) {
      return (error as TooMany).retryAfter;
    } finally {
      account.close();
    }
  };

  it('is each agent\'s own, and drains in a minute.', (): void => {
    expect(spend(100, 'a')).toBe(0);
    expect(spend(10, 'a')).toBe(6);
    expect(spend(100, 'b', SERVER)).toBe(0);
    now += 6_000;
    expect(spend(10, 'a')).toBe(0);
    now += 60_000;
    expect(spend(100, 'a')).toBe(0);
  });

  it('does not cover what costs more than all of it.', (): void => {
    expect(spend(101, 'a')).toBe(1);
    expect(spend(10_000, 'a')).toBe(60);
    expect(spend(100, 'a')).toBe(0);
  });

  it('is common to the agents of a foreign issuer besides.', (): void => {
    expect(spend(101, `a0`, IDP)).toBe(1);
    for (const agent of [ 'a1', 'a2', 'a3', 'a4' ]) {
      expect(spend(100, agent, IDP)).toBe(0);
    }
    expect(spend(1, 'a5', IDP)).toBe(1);
    expect(spend(1, 'a5', 'http://other.example')).toBe(0);
    expect(spend(100, 'local', 'http://localhost')).toBe(0);
    expect(spend(100, 'with-key')).toBe(0);
  });

  it('is that of the issuer for the agent of a foreign server, which sends for all its agents.', (): void => {
    const agent = `${IDP}.events/agent#this`;
    expect(spend(400, agent, IDP)).toBe(0);
    expect(spend(1, agent, IDP)).toBe(1);
    expect(spend(101, agent, 'http://other.example/')).toBe(1);
  });

  it('of the public is for each pod and address.', (): void => {
    expect(spend(100)).toBe(0);
    expect(spend(1)).toBe(1);
    expect(spend(100, undefined, undefined, `${SERVER}other/`)).toBe(0);
    expect(spend(100, undefined, undefined, POD, '192.0.2.2')).toBe(0);
  });

  it('is charged before the work, and refuses it.', async(): Promise<void> => {
    const account = budget.open(POD, '::');
    await chargeTo(account, async(): Promise<void> => {
      expect(currentAccount()).toBe(account);
      charge(60);
      expect([ account.isPublic, account.payer ]).toEqual([ true, `public ${POD} ::` ]);
      account.identify({ agent: 'a' });
      expect([ account.isPublic, account.payer ]).toEqual([ false, 'agent a' ]);
      // Who pays is known, so this has no effect.
      account.identify({});
      expect((): void => charge(50)).toThrow(TooMany);
      expect((): void => charge(50)).toThrow('The requests of a cost more than the 100 units a minute');
      charge(40);
      await chargedLater(async(): Promise<void> => charge(500));
      detached((): void => charge(1_000));
    });
    account.close();
    account.charge(1);
    account.identify({});
    // What was done already was charged: 600 of 100.
    now += 299_000;
    expect(spend(10, 'a')).toBeGreaterThan(0);
    now += 10_000;
    expect(spend(10, 'a')).toBe(0);
  });

  it('has no effect outside of a request.', async(): Promise<void> => {
    charge(1_000_000);
    expect(currentAccount()).toBeUndefined();
    expect(await chargedLater(async(): Promise<number> => 5)).toBe(5);
  });

  it('counts what is in no pod for the server.', (): void => {
    const account = budget.open(`${SERVER}made-up/`, '192.0.2.1');
    account.charge(100);
    account.moveTo(SERVER);
    account.identify({});
    expect(spend(1, undefined, undefined, SERVER)).toBe(1);
  });

  it('remembers no long names.', (): void => {
    expect(spend(100, 'x'.repeat(10_000))).toBe(0);
    expect(spend(1, 'x'.repeat(10_000))).toBe(1);
    expect(spend(1, 'x'.repeat(10_001))).toBe(0);
    const { levels } = budget as unknown as { levels: Map<string, unknown> };
    expect([ ...levels.keys() ].every(({ length }): boolean => length < 300)).toBe(true);
  });

  it('is unlimited if it is 0.', (): void => {
    budget = new CostBudget(SERVER, 0);
    expect(spend(1_000_000)).toBe(0);
  });

  it('forgets who paid longest ago, so that made up payers take no more memory.', (): void => {
    expect(spend(100, 'first')).toBe(0);
    for (let at = 0; at < 50_000; at += 1) {
      spend(1, undefined, undefined, POD, `address ${at}`);
    }
    expect((budget as unknown as { levels: Map<string, unknown> }).levels.size).toBe(50_000);
    expect(spend(100, 'first')).toBe(0);
  });

  it('has a maximum for JSON-LD, whose time is bounded.', (): void => {
    expect(linkedDataCost(1_024)).toBe(COSTS.linkedDataKib);
    expect(linkedDataCost(4_194_304)).toBe(COSTS.linkedDataMax);
  });
});
