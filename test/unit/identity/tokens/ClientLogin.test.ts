import type { Client, Clients } from '../../../../src/identity/tokens/Clients';
import { ClientLogin } from '../../../../src/identity/tokens/ClientLogin';
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

  beforeEach((): void => {
    jest.useFakeTimers({ now: 0 });
    login = new ClientLogin(clients, IDP);
  });

  afterEach((): void => {
    jest.useRealTimers();
  });

  it('stands for its WebID, and ends with its credentials.', async(): Promise<void> => {
    expect(await login.logIn(POD, 'app', 'secret of app')).toEqual({ caller: { agent: ME, client: 'app', issuer: IDP }, clientId: 'app' });
  });

  it('is told what it got wrong.', async(): Promise<void> => {
    expect(await login.logIn(POD, 'app', 'guess')).toBe('wrong secret');
    expect(await login.logIn(POD, 'unknown', 'secret of unknown')).toBe('unknown client');
  });

  it('has to wait after 30 failures in a minute, even with the right secret, which holds up no other.', async(): Promise<void> => {
    for (let i = 0; i < 30; i += 1) {
      expect(await login.logIn(POD, 'app', `${i}`)).toBe('wrong secret');
    }
    jest.setSystemTime(20_000);
    for (const secret of [ 'guess', 'secret of app' ]) {
      await expect(login.logIn(POD, 'app', secret)).rejects.toThrow(TooMany);
      await expect(login.logIn(POD, 'app', secret)).rejects.toMatchObject({ retryAfter: 40 });
    }
    expect(await login.logIn(POD, 'other', 'x')).toBe('unknown client');
    expect(await login.logIn(`${POD}b/`, 'app', 'secret of app')).toMatchObject({ clientId: 'app' });
    jest.setSystemTime(60_000);
    expect(await login.logIn(POD, 'app', 'secret of app')).toMatchObject({ clientId: 'app' });
  });

  it('has no more tries by making them all at once.', async(): Promise<void> => {
    const tries = await Promise.allSettled(Array.from({ length: 100 }, async(_, i): Promise<unknown> => login.logIn(POD, 'app', `${i}`)));
    expect(tries.filter(({ status }): boolean => status === 'fulfilled')).toHaveLength(30);
  });

  it('does not fail by logging in well, however often.', async(): Promise<void> => {
    for (let i = 0; i < 40; i += 1) {
      expect(await login.logIn(POD, 'app', 'secret of app')).toMatchObject({ clientId: 'app' });
    }
  });

  it('is not locked out by others, whose ids that are made up fill no memory.', async(): Promise<void> => {
    for (let i = 0; i < 10_030; i += 1) {
      expect(await login.logIn(POD, `${i}`, 'x')).toBe('unknown client');
    }
    expect((login as any).failures.counts.size).toBe(30);
    expect(await login.logIn(POD, 'app', 'secret of app')).toMatchObject({ clientId: 'app' });
  });
});
