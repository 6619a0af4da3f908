import type { HttpRequest, IdentifierStrategy } from '@solid/community-server';
import { OriginalUrlExtractor, SingleRootIdentifierStrategy, SubdomainIdentifierStrategy } from '@solid/community-server';
import fc from 'fast-check';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { parseUrl } from '../../../src/url/webUrl';
import { encodeSegment, parseTopic, topicPath } from '../../../src/event/Topic';
import { IdentifierUrls } from '../../../src/pod/IdentifierUrls';
import { ServerUrls } from '../../../src/url/ServerUrls';

const BASES = [
  'http://localhost:3000/', 'https://pods.example/', 'http://localhost/', 'https://pods.example:8443/solid/', 'http://[::1]:3000/',
];

/** The identifier that the server gives the request that a client makes for a URL. */
async function hit(strategy: IdentifierStrategy, text: string): Promise<string | undefined> {
  const { protocol, host, pathname, search } = new URL(text);
  const extractor = new OriginalUrlExtractor({ identifierStrategy: strategy, includeQueryString: false });
  const request = {
    url: `${pathname}${search}`, headers: { host }, socket: { encrypted: protocol === 'https:' },
  } as unknown as HttpRequest;
  try {
    return (await extractor.handle({ request })).path;
  } catch {
    return undefined;
  }
}

const part = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(
    '/', '//', '\\', '.', '..', '%2e', '%2E%2e', '%2F', '%2f', '%252f', '%25252F', '%5c', '%5C', '%255c', '%25', '%zz', '%c3%28',
    'a', 'B', '~', '%7e', '%7E', '%62ox', 'box', 'é', '%C3%A9', '%c3%a9', 'e\u0301', '\u2028', '%00', ':', '@', ';', '+', '%2B',
    ' ', '%20', '\t', '\n', '"', '\'', '<', '|', '^', '[', '&', '=', '$', '!', '*', '(', ',', '?', '?x=1', '#', '#me', '%23', '%3F',
    'inbox', 'publish', '.acl', '😀', '%F0%9F%98%80', '\uFEFF', '\u00A0',
  ) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
);
const origin = fc.constantFrom(
  'http://localhost:3000', 'http://LOCALHOST:3000', 'http://localhost.:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000',
  'http://localhost', 'http://localhost:80', 'https://pods.example', 'HTTPS://Pods.Example:443', 'https://pods.example.',
  'http://pods.example', 'https://alice.pods.example', 'https://alice.bob.pods.example', 'https://xn--caf-dma.pods.example',
  'https://café.pods.example', 'https://alicepods.example', 'https://pods.example:8443', 'https://pods.example:8443/solid',
  'https://pods.example:8443/SOLID', 'https://pods.example:8443/%73olid', 'http://alice.localhost:3000', 'https://other.example',
  'http:localhost:3000', 'http:\\\\localhost:3000', 'http://%6cocalhost:3000', 'http://ｌocalhost:3000', 'ht\ntp://localhost:3000',
);
const url = fc.tuple(origin, fc.array(part, { maxLength: 8 })).map(([ start, parts ]): string => `${start}/${parts.join('')}`)
  .filter((text): boolean => parseUrl(text) !== undefined);

describe('The canonical form of a URL', (): void => {
  it.each(BASES)('of the server at %s is what a request to the URL reaches.', async(base): Promise<void> => {
    for (const strategy of [ new SingleRootIdentifierStrategy(base), new SubdomainIdentifierStrategy(base) ]) {
      const urls = new IdentifierUrls(base, strategy);
      let here = 0;
      await fc.assert(fc.asyncProperty(url, async(text): Promise<void> => {
        const reached = await hit(strategy, text);
        here += Number(reached !== undefined);
        expect(urls.targetOf(text)).toBe(reached);
        expect(urls.isLocal(text)).toBe(reached !== undefined);
        if (reached !== undefined) {
          expect(urls.targetOf(reached)).toBe(reached);
          expect(urls.canonical(reached)).toBe(reached);
        }
        const found = urls.tryCanonical(text);
        if (found !== undefined && reached !== undefined) {
          expect(found.replace(/#.*$/su, '')).toBe(reached);
        }
        // Never an alias: what is here by its canonical form is named by that alone.
        expect(found === undefined || reached !== undefined || found === text).toBe(true);
      }), { numRuns: 1_000 });
      expect(here).toBeGreaterThan(5);
    }
  });

  it('is what the server compares, whoever writes the path.', (): void => {
    const urls = new ServerUrls('http://localhost:3000/');
    const box = 'http://localhost:3000/subscriber/box/';
    for (const alias of [
      box, 'http://LOCALHOST:3000/subscriber/box/', 'http://localhost:3000/subscriber//box/', 'http://localhost:3000/subscriber/%62ox/',
      'http://localhost:3000/subscriber/x/../box/', 'http://localhost:3000/subscriber/x/%2e%2E/box/', 'http://localhost:3000//subscriber/box///',
      'http://localhost:3000\\subscriber\\box/', 'http://localhost:3000/subscriber/./box/', 'http://%6Cocalhost:03000/sub%73criber/box/',
    ]) {
      expect([ alias, urls.canonical(alias) ]).toEqual([ alias, box ]);
    }
    expect(urls.canonical('http://localhost:3000/user//profile/card#me')).toBe('http://localhost:3000/user/profile/card#me');
    expect(urls.canonical('http://localhost:3000/a%2fb/%252f')).toBe('http://localhost:3000/a%2Fb/%252F');
    expect(urls.canonical('https://Other.example//a/%62?q#f')).toBe('https://Other.example//a/%62?q#f');
    expect(urls.canonical('http://localhost:3001//x')).toBe('http://localhost:3001//x');
  });

  it.each([
    [ 'http://u:p@localhost:3000/user//card#me', /user name or password; use http:\/\/localhost:3000\/user\/card#me$/u ],
    [ 'https://u@other.example/card#me', /user name or password; use https:\/\/other\.example\/card#me$/u ],
    [ 'http://u:p@127.0.0.1:3000/a', /user name or password; use http:\/\/localhost:3000\/a$/u ],
    [ 'http://127.0.0.1:3000/user/profile/card#me', /base URL http:\/\/localhost:3000\/; use http:\/\/localhost:3000\/user\/profile\/card#me$/u ],
    [ 'http://127.9.9.9:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://2130706433:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://0:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://[::1]:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://[::ffff:127.0.0.1]:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://localhost.:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://alice.localhost:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'https://localhost:3000/user/', /base URL http:\/\/localhost:3000\//u ],
    [ 'http://localhost:3000/user/?q#me', /no query; use http:\/\/localhost:3000\/user\/#me$/u ],
    [ 'http://localhost:3000/user/%zz', /encode a % as %25/u ],
    [ 'urn:x:y', /absolute http\(s\) URL/u ],
    [ 'nothing', /absolute http\(s\) URL/u ],
  ])('does not exist for %s, and the message names what would do.', (text, message): void => {
    const urls = new ServerUrls('http://localhost:3000/');
    expect((): unknown => urls.canonical(text, 'inbox')).toThrow(InvalidInput);
    expect((): unknown => urls.canonical(text, 'inbox')).toThrow(/^Invalid inbox: /u);
    expect((): unknown => urls.canonical(text)).toThrow(message);
    expect((): unknown => urls.canonical(text)).not.toThrow(/u:p/u);
    expect(urls.tryCanonical(text)).toBeUndefined();
  });

  it('knows a public server by its name alone, with another scheme or a dot behind it.', (): void => {
    const urls = new ServerUrls('https://pods.example');
    expect((): unknown => urls.canonical('http://pods.example/user/')).toThrow('use https://pods.example/user/');
    expect((): unknown => urls.canonical('https://pods.example./user/')).toThrow('use https://pods.example/user/');
    expect(urls.canonical('https://127.0.0.1/user/')).toBe('https://127.0.0.1/user/');
    expect(urls.canonical('https://pods.example:8443/user/')).toBe('https://pods.example:8443/user/');
    const subdomains = new IdentifierUrls('http://localhost:3000/', new SubdomainIdentifierStrategy('http://localhost:3000/'));
    expect(subdomains.canonical('http://ALICE.localhost:3000//a/')).toBe('http://alice.localhost:3000/a/');
    expect((): unknown => subdomains.canonical('http://alice.localhost.:3000/a/')).toThrow('use http://alice.localhost:3000/a/');
  });

  it('is that of the resource of each topic, and no two topics share a resource.', (): void => {
    const urls = new ServerUrls('http://localhost:3000/');
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.array(part, { maxLength: 6 }).map((parts): string => parts.join('')));
    const paths = new Map<string, string>();
    fc.assert(fc.property(text, (name): void => {
      const place = `http://localhost:3000/user/${topicPath(parseTopic(name))}`;
      expect(urls.targetOf(place)).toBe(place);
      const segment = encodeSegment(name);
      expect(paths.get(segment) ?? name).toBe(name);
      paths.set(segment, name);
    }), { numRuns: 2_000 });
  });
});
