import { checkBaseUrl } from '../../../src/server/baseUrl';
import { BaseUrlCheck } from '../../../src/server/BaseUrlCheck';

describe('A base URL', (): void => {
  it.each([
    'http://localhost:3000/', 'http://localhost:3000', 'https://pods.example/', 'https://pods.example:8443/solid/pods/',
    'http://127.0.0.1:3000/', 'https://xn--bcher-kva.example/', 'https://pods.example/a(b)*c+d$e/',
  ])('can be %s.', (url): void => {
    expect(checkBaseUrl(url)).toBeUndefined();
  });

  it.each([
    [ 'http://[::1]:3000/', 'use a host name' ],
    [ 'http://[fe80::1]/', 'use a host name' ],
    [ 'http://[fe80::1%25eth0]/', 'use a URL such as' ],
    [ 'localhost:3000', 'use http or https' ],
    [ 'pods.example', 'use a URL such as' ],
    [ '', 'use a URL such as' ],
    [ 'ftp://pods.example/', 'use http or https' ],
    [ 'https://user:secret@pods.example/', 'leave them out' ],
    [ 'https://pods.example/?a', 'use https://pods.example/.' ],
    [ 'https://pods.example/#', 'use https://pods.example/.' ],
    [ 'https://PODS.example/', 'use https://pods.example/.' ],
    [ 'HTTPS://pods.example/', 'use https://pods.example/.' ],
    [ 'https://pods.example:443/', 'use https://pods.example/.' ],
    [ 'http://pods.example:80', 'use http://pods.example/.' ],
    [ 'https://pods.example/a/../b', 'use https://pods.example/b/.' ],
    [ 'https://pods.example/a b/', 'use https://pods.example/a%20b/.' ],
    [ 'https://bücher.example/', 'use https://xn--bcher-kva.example/.' ],
    [ 'http://127.1:3000/', 'use http://127.0.0.1:3000/.' ],
    [ String.raw`http://localhost\a/`, 'use http://localhost/a/.' ],
    [ 'https://pods.example/a[b/', 'use another host name or path' ],
    [ 'https://pods.example/a|b/', 'use ' ],
  ])('cannot be %s.', (url, remedy): void => {
    const problem = checkBaseUrl(url) ?? '';
    expect(problem).toContain(remedy);
    expect(problem).toMatch(/^[^\n]+\.$/u);
    expect(problem).not.toContain('secret');
  });

  it('ends the start of the server where it cannot be used.', async(): Promise<void> => {
    await expect(new BaseUrlCheck('http://localhost/').handle()).resolves.toBeUndefined();
    await expect(new BaseUrlCheck('http://[::1]/').handle()).rejects.toThrow('IPv6');
  });
});
