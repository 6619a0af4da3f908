import type { Profiles } from '../../../src/identity/profiles/Profiles';
import { ProfileUnavailable } from '../../../src/identity/profiles/ProfileUnavailable';
import { ProfileFederationPolicy } from '../../../src/identity/ProfileFederationPolicy';

const AGENT = 'https://id.example/people/ann#me';

describe('The source of an event on another server', (): void => {
  let profile: () => { readonly issuers: string[]; readonly storages: string[] };
  const policy = new ProfileFederationPolicy({
    issuersOf: async(): Promise<string[]> => profile().issuers,
    storagesOf: async(): Promise<string[]> => profile().storages,
  } as unknown as Profiles);

  beforeEach((): void => {
    profile = (): ReturnType<typeof profile> => ({
      issuers: [ 'https://idp.example', 'no url' ], storages: [ 'https://pods.example/ann/', 'https://Other.example:443/a' ],
    });
  });

  it.each([
    'https://idp.example/', 'https://idp.example/any/thing', 'https://sub.idp.example/x', 'https://pods.example/ann/', 'https://pods.example/ann/x',
    'https://pods.example/bob/../ann/x', 'https://other.example/a/b', 'https://id.example/people/ann', 'https://id.example:443/people/x/../ann',
  ])('can be %s.', async(url): Promise<void> => {
    expect(await policy.sourceRefusal(AGENT, url)).toBeUndefined();
  });

  it.each([
    'https://idp.example.evil.example/', 'https://evilidp.example/', 'http://idp.example/', 'https://idp.example:8443/', 'https://pods.example/',
    'https://pods.example/annie/', 'https://pods.example/ann', 'https://pods.example/bob/', 'https://pods.example/ann/../bob/', 'https://pods.example/ann/%2e%2e/bob/',
    'https://pods.example/ann/..%2fbob/', 'https://pods.example/ann/..%5Cbob/', 'https://pods.example/ann/..%252Fbob/', 'http://pods.example/ann/',
    'https://other.example/ab', 'https://id.example/people/', 'https://id.example/people/ann/x', 'https://id.example/', 'https://third.example/',
  ])('cannot be %s.', async(url): Promise<void> => {
    expect(await policy.sourceRefusal(AGENT, url)).toEqual(expect.any(String));
  });

  it('is refused for the public, without a look at a profile.', async(): Promise<void> => {
    profile = (): never => {
      throw new Error('read');
    };
    expect(await policy.sourceRefusal(undefined, 'https://idp.example/')).toContain('requires a credential');
  });

  it('is refused if the profile cannot be read for good, and undecided if that may change.', async(): Promise<void> => {
    profile = (): never => {
      throw new ProfileUnavailable(AGENT, { reason: 'not found', status: 404 });
    };
    expect(await policy.sourceRefusal(AGENT, 'https://idp.example/')).toContain(AGENT);
    profile = (): never => {
      throw new ProfileUnavailable(AGENT, { reason: 'busy', status: 503 });
    };
    await expect(policy.sourceRefusal(AGENT, 'https://idp.example/')).rejects.toThrow(ProfileUnavailable);
  });
});
