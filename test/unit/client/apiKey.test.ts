import { withApiKey } from '../../../src/client';

describe('A fetch with an API key', (): void => {
  const seen = jest.fn<Promise<Response>, Parameters<typeof fetch>>(async(): Promise<Response> => new Response());
  const keyOf = (): string | null => new Headers(seen.mock.lastCall![1]?.headers).get('x-api-key');
  const fetcher = withApiKey('spe_1', 'http://pod.example/user/', seen);

  it.each([ 'http://pod.example/user/publish/', 'http://pod.example/user/' ])('sends it to %s.', async(url): Promise<void> => {
    await fetcher(url, { headers: { accept: 'text/turtle' }});
    expect(keyOf()).toBe('spe_1');
    expect(new Headers(seen.mock.lastCall![1]?.headers).get('accept')).toBe('text/turtle');
    await fetcher(new Request(url, { headers: { accept: 'text/turtle' }}));
    expect(keyOf()).toBe('spe_1');
    expect(new Headers(seen.mock.lastCall![1]?.headers).get('accept')).toBe('text/turtle');
    await fetcher(new URL(url));
    expect(keyOf()).toBe('spe_1');
    // A redirect could lead to another server, and the header would go with it.
    expect(seen.mock.lastCall![1]?.redirect).toBe('error');
  });

  it.each([
    'https://pod.example/user/', 'http://pod.example:81/user/', 'http://pod.example@evil.example/user/', 'http://pod.example.evil.example/user/',
    'http://pod.example/user', 'http://pod.example/user/../other/', 'http://pod.example/users/', 'http://evil.example/?http://pod.example/user/', 'data:,user/',
  ])('does not send it to %s.', async(url): Promise<void> => {
    await fetcher(url);
    expect(keyOf()).toBeNull();
  });

  it('refuses what is no key, without quoting it, and what is no base URL.', (): void => {
    for (const key of [ '', 'spe_1\nx-evil: 1', 'spe_ü' ]) {
      expect((): unknown => withApiKey(key, 'http://pod.example/user/')).toThrow(/^Invalid API key: expected printable ASCII characters without spaces$/u);
    }
    expect((): unknown => withApiKey('spe_1', 'http://pod.example/user')).toThrow('Invalid base URL');
  });
});
