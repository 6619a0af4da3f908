import fc from 'fast-check';
import { isOfServer, normalBaseUrl, urlMover } from '../../../src/store/baseUrl';

const FROM = 'http://localhost:3000/';
const TO = 'https://pods.example.org/';

describe('A base URL', (): void => {
  it('has one form.', (): void => {
    expect(normalBaseUrl('HTTP://Localhost:3000')).toBe(FROM);
    expect(normalBaseUrl('https://pods.example.org:443/solid')).toBe(`${TO}solid/`);
    for (const text of [ 'foo', 'ftp://a/', 'http://a/?b', 'http://a/#b', 'http://u:p@a/', '' ]) {
      expect((): unknown => normalBaseUrl(text)).toThrow('is not a base URL');
    }
  });

  it('tells which URLs are of its server.', (): void => {
    for (const url of [ FROM, 'http://localhost:3000', `${FROM}alice/`, 'http://alice.localhost:3000/x', 'http://a.b.localhost:3000/' ]) {
      expect([ url, isOfServer(url, FROM) ]).toEqual([ url, true ]);
    }
    for (const url of [ 'http://localhost:30001/', 'https://localhost:3000/', 'http://evillocalhost:3000/', 'http://a@x.localhost:3000/', 'http://localhost:3000.evil/' ]) {
      expect([ url, isOfServer(url, FROM) ]).toEqual([ url, false ]);
    }
    expect(isOfServer('http://alice.a.example/', 'http://a.example/solid/')).toBe(false);
  });
});

describe('The move of a URL', (): void => {
  const move = urlMover({ from: FROM, to: TO, subdomains: false });

  it('replaces the base URL, and nothing that only begins like it.', (): void => {
    expect([ FROM, 'http://localhost:3000', 'http://localhost:3000#me', 'http://localhost:3000?x', `${FROM}a/b?c#d` ].map(move))
      .toEqual([ TO, 'https://pods.example.org', 'https://pods.example.org#me', 'https://pods.example.org?x', `${TO}a/b?c#d` ]);
    for (const url of [
      'http://localhost:30001/a', 'http://localhost:3000.evil.example/', 'http://localhost:3000@evil.example/', 'http://localhost/a',
      'https://localhost:3000/a', 'http://alice.localhost:3000/', `see ${FROM}`, 'http://other/?to=http://localhost:3000/', '',
    ]) {
      expect(move(url)).toBe(url);
    }
    const deep = urlMover({ from: 'http://a.example/solid/', to: TO, subdomains: false });
    expect([ 'http://a.example/solid/x', 'http://a.example/solid', 'http://a.example/solidity/x', 'http://a.example/solid#x' ].map(deep))
      .toEqual([ `${TO}x`, 'https://pods.example.org', 'http://a.example/solidity/x', 'http://a.example/solid#x' ]);
  });

  it('takes subdomains along where pods have them.', (): void => {
    const withSubdomains = urlMover({ from: FROM, to: TO, subdomains: true });
    expect([ 'http://alice.localhost:3000/x', 'http://alice.localhost:30001/x', 'http://.localhost:3000/', 'http://a@b.localhost:3000/' ].map(withSubdomains))
      .toEqual([ 'https://alice.pods.example.org/x', 'http://alice.localhost:30001/x', 'http://.localhost:3000/', 'http://a@b.localhost:3000/' ]);
  });

  it('can be taken back, for any URL that is not of the new server.', (): void => {
    const back = urlMover({ from: TO, to: FROM, subdomains: true });
    const forth = urlMover({ from: FROM, to: TO, subdomains: true });
    const host = fc.constantFrom('http://localhost:3000', 'http://x.localhost:3000', 'http://localhost:30000', 'http://else.example', 'https://localhost:3000');
    fc.assert(fc.property(host, fc.webPath(), fc.webFragments(), (origin, path, fragment): void => {
      const url = `${origin}${path}#${fragment}`;
      expect(back(forth(url))).toBe(url);
    }));
  });
});
