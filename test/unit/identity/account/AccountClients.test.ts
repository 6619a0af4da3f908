import * as crypto from 'node:crypto';
import type { ClientCredentials, ClientCredentialsStore, WebIdStore } from '@solid/community-server';
import { AccountClients } from '../../../../src/identity/account/AccountClients';

jest.mock<typeof crypto>('node:crypto', (): typeof crypto => {
  const actual = jest.requireActual<typeof crypto>('node:crypto');
  return { ...actual, timingSafeEqual: jest.fn(actual.timingSafeEqual) };
});

const ME = 'http://localhost/me#me';

describe('The clients of accounts', (): void => {
  const stored: ClientCredentials = { id: 'row', label: 'app_1', webId: ME, accountId: 'mine', secret: 'open sesame' };
  let links: string[];
  const clients = new AccountClients(
    { findByLabel: async(label: string): Promise<ClientCredentials | undefined> => label === stored.label ? stored : undefined } as unknown as ClientCredentialsStore,
    { isLinked: async(webId: string, account: string): Promise<boolean> => links.includes(`${account} ${webId}`) } as unknown as WebIdStore,
  );

  beforeEach((): void => {
    links = [ `mine ${ME}` ];
  });

  it('are found by their label, and have one secret.', async(): Promise<void> => {
    const client = await clients.find('app_1');
    expect(client?.webId).toBe(ME);
    expect([ 'open sesame', 'open sesamf', 'open', '' ].map((secret): unknown => client?.hasSecret(secret))).toEqual([ true, false, false, false ]);
    expect(await clients.find('row')).toBeUndefined();
  });

  it.each([ '', '..', '\u0000', 'a/b', 'foo$.json', 'app 1', 'a'.repeat(301) ])('are not looked for by an id that none has: %j.', async(id): Promise<void> => {
    const strict = new AccountClients({} as ClientCredentialsStore, {} as WebIdStore);
    expect(await strict.find(id)).toBeUndefined();
  });

  it('take the same steps to refuse, however much of a wrong secret is right.', async(): Promise<void> => {
    const client = await clients.find('app_1');
    const compare = jest.mocked(crypto.timingSafeEqual);
    for (const secret of [ 'open sesamf', 'x', 'open sesame and more' ]) {
      compare.mockClear();
      expect(client?.hasSecret(secret)).toBe(false);
      expect(compare.mock.calls.map((buffers): number[] => buffers.map(({ byteLength }): number => byteLength))).toEqual([[ 32, 32 ]]);
    }
  });

  it('take the same look-ups for an unknown id as for a known one.', async(): Promise<void> => {
    const steps: string[] = [];
    const watched = new AccountClients(
      { findByLabel: async(label: string): Promise<ClientCredentials | undefined> => {
        steps.push('label');
        return label === stored.label ? stored : undefined;
      } } as unknown as ClientCredentialsStore,
      { isLinked: async(): Promise<boolean> => {
        steps.push('link');
        return true;
      } } as unknown as WebIdStore,
    );
    expect(await watched.find('app_1')).toBeDefined();
    expect(await watched.find('app_2')).toBeUndefined();
    expect(steps).toEqual([ 'label', 'link', 'label', 'link' ]);
  });

  it('are gone when their account loses the WebID.', async(): Promise<void> => {
    links = [ `another ${ME}`, 'mine http://localhost/other#me' ];
    expect(await clients.find('app_1')).toBeUndefined();
  });
});
