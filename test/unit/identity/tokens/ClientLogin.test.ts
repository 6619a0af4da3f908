import type { Client, Clients } from '../../../../src/identity/tokens/Clients';
import { ClientLogin } from '../../../../src/identity/tokens/ClientLogin';
import type { LoginAttempt } from '../../../../src/identity/tokens/LoginAttempt';
import { TooMany } from '../../../../src/event/TooMany';

const POD = 'http://localhost/a/';
const ME = 'http://localhost/me#me';
const IDP = 'http://localhost/';

describe('A client that logs in', (): void => {
  const clients: Clients = {
    find: async(id): Promise<Client | undefined> => id === 'app' ?
        { webId: ME, hasSecret: (secret): boolean => secret === 'secret of app' } :
      undefined,
  };
  let login: ClientLogin;

  let attempts = 0;
  /** Logs in, by default from another address each time. */
  const logIn = async(name: string, secret: string, other: Partial<LoginAttempt> = {}): Promise<unknown> => {
    attempts += 1;
    return login.logIn({ pod: POD, address: `10.0.${attempts >> 8}.${attempts % 256}`, name, secret, ...other });
  };

  beforeEach((): void => {
    jest.useFakeTimers({ now: 0 });
    login = new ClientLogin(clients, IDP);
  });

  afterEach((): void => {
    jest.useRealTimers();
  });

  it('stands for its WebID, and ends with its credentials.', async(): Promise<void> => {
    expect(await logIn('app', 'secret of app')).toEqual({ caller: { agent: ME, client: 'app', issuer: IDP }, clientId: 'app' });
  });

  it('is told what it got wrong.', async(): Promise<void> => {
    expect(await logIn('app', 'guess')).toBe('wrong secret');
    expect(await logIn('unknown', 'secret of unknown')).toBe('unknown client');
  });

  it('has to wait after 30 failures in a minute, even with the right secret, which holds up no other.', async(): Promise<void> => {
    for (let i = 0; i < 30; i += 1) {
      expect(await logIn('app', `${i}`)).toBe('wrong secret');
    }
    jest.setSystemTime(20_000);
    for (const secret of [ 'guess', 'secret of app' ]) {
      await expect(logIn('app', secret)).rejects.toThrow(TooMany);
      await expect(logIn('app', secret)).rejects.toMatchObject({ retryAfter: 40 });
    }
    expect(await logIn('other', 'x')).toBe('unknown client');
    expect(await logIn('app', 'secret of app', { pod: `${POD}b/` })).toMatchObject({ clientId: 'app' });
    jest.setSystemTime(60_000);
    expect(await logIn('app', 'secret of app')).toMatchObject({ clientId: 'app' });
  });

  it('has no more tries by making them all at once.', async(): Promise<void> => {
    const tries = await Promise.allSettled(Array.from({ length: 100 }, async(_, i): Promise<unknown> => logIn('app', `${i}`)));
    expect(tries.filter(({ status }): boolean => status === 'fulfilled')).toHaveLength(30);
  });

  it('does not fail by logging in well, however often.', async(): Promise<void> => {
    for (let i = 0; i < 40; i += 1) {
      expect(await logIn('app', 'secret of app')).toMatchObject({ clientId: 'app' });
    }
  });

  it('is not locked out by others, whose ids that are made up fill no memory.', async(): Promise<void> => {
    for (let i = 0; i < 29; i += 1) {
      await logIn('app', 'guess');
    }
    for (let i = 0; i < 10_030; i += 1) {
      expect(await logIn(`${i}`, 'x')).toBe('unknown client');
      if (i % 5_000 === 0) {
        await logIn('app', 'secret of app');
      }
    }
    expect(await logIn('app', 'secret of app')).toMatchObject({ clientId: 'app' });
    // Its failures are still known, because it was used more recently than others.
    await logIn('app', 'guess');
    await expect(logIn('app', 'secret of app')).rejects.toThrow(TooMany);
  });

  it('has to wait after 300 failures of its address, whatever the ids.', async(): Promise<void> => {
    const address = '192.0.2.1';
    for (let i = 0; i < 300; i += 1) {
      expect(await logIn(`${i}`, 'x', { address })).toBe('unknown client');
    }
    await expect(logIn('app', 'secret of app', { address })).rejects.toThrow('Too many failed logins of your address');
    expect(await logIn('app', 'secret of app')).toMatchObject({ clientId: 'app' });
  });
});
