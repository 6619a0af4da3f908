import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ContextLoader } from '../../../../src/event/ContextLoader';
import type { LocalDocument, LocalDocuments } from '../../../../src/identity/profiles/LocalDocuments';
import { Profiles } from '../../../../src/identity/profiles/Profiles';
import { ProfileUnavailable } from '../../../../src/identity/profiles/ProfileUnavailable';
import { AddressGuard } from '../../../../src/outgoing/AddressGuard';
import { GuardedOutgoing } from '../../../../src/outgoing/GuardedOutgoing';
import type { OutgoingResponse, OutgoingRequest } from '../../../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../../../src/outgoing/Outgoing';
import type { OtherServer } from '../../../util/outgoing';
import { openOutgoing, startOther } from '../../../util/outgoing';
import { ServerUrls } from '../../../../src/url/ServerUrls';

const LDP = 'http://www.w3.org/ns/ldp#';
const AS = 'https://www.w3.org/ns/activitystreams';
const PREFIXES = `@prefix ldp: <${LDP}>. @prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix pim: <http://www.w3.org/ns/pim/space#>.\n`;
const LINK = `<inbox/linked/>; rel="${LDP}inbox"`;

interface Reply { status?: number; headers?: Record<string, string>; body?: string | Buffer; head?: 'broken' | 405 }

describe('The profiles of others', (): void => {
  const contexts = new ContextLoader({
    [AS]: join(__dirname, '../../../../node_modules/@solid/community-server/templates/contexts/activitystreams.jsonld'),
  });
  const ofServer = new Map<string, LocalDocument>();
  const urls = new ServerUrls('http://here.example/');
  const local: LocalDocuments = {
    isLocal: (url): boolean => urls.isLocal(url),
    canonical: (url): string | undefined => urls.tryCanonical(url),
    read: async(url): Promise<LocalDocument | undefined> => ofServer.get(url),
  };
  let other: OtherServer;
  let reply: Reply | undefined;
  let profiles: Profiles;
  let base: string;
  let webId: string;
  /** A WebID that is the URL of its document. */
  let plain: string;

  beforeAll(async(): Promise<void> => {
    other = await startOther(({ method, path }, response): unknown => {
      if (path === '/elsewhere') {
        return answer(response, turtle('<bob#me> ldp:inbox <stolen/>.'), true);
      }
      if (reply && method === 'HEAD' && reply.head === 'broken') {
        return response.destroy();
      }
      return reply && answer(response, method === 'HEAD' && reply.head ? { status: 405 } : reply, method === 'GET');
    });
    base = other.url;
    webId = `${base}bob#me`;
    plain = `${base}bob`;
  });

  beforeEach((): void => {
    other.requests.length = 0;
    ofServer.clear();
    profiles = new Profiles(openOutgoing, local, contexts, 2);
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  afterAll(async(): Promise<void> => {
    await other.stop();
  });

  const answer = (response: ServerResponse, { status = 200, headers = {}, body = '' }: Reply, hasBody: boolean): void => {
    response.writeHead(status, headers);
    response.end(hasBody ? body : undefined);
  };
  const turtle = (body: string, headers: Record<string, string> = {}): Reply & { body: string } =>
    ({ headers: { 'content-type': 'text/turtle; charset=utf-8', ...headers }, body: PREFIXES + body });
  const jsonLd = (body: object): Reply & { body: string } => ({ headers: { 'content-type': 'application/ld+json' }, body: JSON.stringify(body) });
  const asked = (): string[] => other.requests.map(({ method }): string => method);
  const later = (seconds: number): void => {
    const time = performance.now() + seconds * 1_000;
    jest.spyOn(performance, 'now').mockReturnValue(time);
  };

  describe('tell the inbox', (): void => {
    it('of a WebID with a fragment by their RDF.', async(): Promise<void> => {
      reply = turtle('<#me> ldp:inbox </inbox/>. <#other> ldp:inbox </a/>.', { link: LINK });
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/`);
      expect(other.requests).toEqual([ expect.objectContaining({
        method: 'GET', path: '/bob', headers: expect.objectContaining({ accept: expect.stringMatching(/^text\/turtle, application\/ld\+json;q=0\.9, /u), 'accept-encoding': 'identity' }),
      }) ]);
    });

    it('of a WebID with a fragment by their Link header, if the RDF names none.', async(): Promise<void> => {
      reply = turtle('<#other> ldp:inbox </a/>.', { link: LINK });
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/linked/`);
      expect(asked()).toEqual([ 'GET' ]);
    });

    it('of a WebID that is a document by the Link header, without reading the document.', async(): Promise<void> => {
      reply = turtle('<> ldp:inbox </inbox/>.', { link: LINK });
      expect(await profiles.inboxOf(plain)).toBe(`${base}inbox/linked/`);
      expect(await profiles.inboxOf(plain)).toBe(`${base}inbox/linked/`);
      expect(asked()).toEqual([ 'HEAD' ]);
    });

    it('of a WebID that is a document by the RDF, if there is no such Link header.', async(): Promise<void> => {
      reply = turtle('<> ldp:inbox <inbox/>.', { link: `<x/>; rel="describedby"` });
      expect(await profiles.inboxOf(plain)).toBe(`${base}inbox/`);
      expect(await profiles.inboxOf(plain)).toBe(`${base}inbox/`);
      expect(asked()).toEqual([ 'HEAD', 'GET' ]);
    });

    it.each([ 'broken', 405 ] as const)('of a WebID that is a document although HEAD is %p.', async(head): Promise<void> => {
      reply = { ...turtle('<> ldp:inbox <inbox/>.'), head };
      expect(await profiles.inboxOf(plain)).toBe(`${base}inbox/`);
      expect(asked()).toEqual([ 'HEAD', 'GET' ]);
    });

    it('without asking for the Link header again, once the document is known.', async(): Promise<void> => {
      reply = turtle('<> solid:oidcIssuer <https://idp.example/>.', { link: LINK });
      expect(await profiles.issuersOf(plain)).toEqual([ 'https://idp.example/' ]);
      expect(await profiles.inboxOf(plain)).toBe(`${base}inbox/linked/`);
      expect(asked()).toEqual([ 'GET' ]);
    });

    it('or that there is none.', async(): Promise<void> => {
      reply = turtle('<#me> a ldp:Resource.');
      expect(await profiles.inboxOf(webId)).toBeUndefined();
      expect(await profiles.inboxOf(plain)).toBeUndefined();
    });

    it('as JSON-LD, with contexts that are bundled.', async(): Promise<void> => {
      reply = jsonLd({ '@context': AS, id: '#me', inbox: 'inbox/' });
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/`);
    });

    it('as JSON-LD that is long, whatever comes first in it.', async(): Promise<void> => {
      const seeAlso = Array.from({ length: 800 }, (_, index): object => ({ '@id': `#${index}`, 'urn:name': 'Böb 🙂' }));
      const body = { '@id': '#me', 'urn:see': seeAlso, inbox: 'inbox/', '@context': AS };
      reply = jsonLd(body);
      expect(reply.body!.length).toBeGreaterThan(20_000);
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/`);
    });

    it.each([
      [ 'text/turtle', '\uFEFF<#me> <http://www.w3.org/ns/ldp#inbox> </inbox/>.' ],
      [ 'application/ld+json', '\uFEFF{"@id":"#me","http://www.w3.org/ns/ldp#inbox":{"@id":"inbox/"}}' ],
      [ 'Application/N-Triples;charset=utf-8', '<{base}bob#me> <http://www.w3.org/ns/ldp#inbox> <{base}inbox/> .\n' ],
      [ 'text/n3', '\uFEFF@prefix : <#>. { :a :b :c } => { :d :e :f }. :me <http://www.w3.org/ns/ldp#inbox> </inbox/>.' ],
    ])('of %s.', async(type, body): Promise<void> => {
      reply = { headers: { 'content-type': type }, body: body.replaceAll('{base}', base) };
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/`);
    });

    it.each<[string, (body: string) => Buffer]>([[ 'gzip', gzipSync ], [ 'deflate', deflateSync ], [ 'br', brotliCompressSync ]])(
      'of a document that comes as %s, though that was not asked for.',
      async(coding, encode): Promise<void> => {
        const guarded = new GuardedOutgoing({ guard: new AddressGuard([ '127.0.0.0/8', '::1/128' ]) });
        profiles = new Profiles(guarded, local, contexts, 2);
        const { headers, body } = turtle('<#me> ldp:inbox </inbox/>.', { 'content-encoding': coding });
        reply = { headers, body: encode(`\uFEFF${body}`) };
        expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/`);
        profiles = new Profiles(guarded, local, contexts, 2);
        reply = { headers, body };
        await expect(profiles.inboxOf(webId)).rejects.toMatchObject({ isTransient: false, message: expect.stringContaining(`its content is not valid ${coding}`) });
        profiles = new Profiles(guarded, local, contexts, 2);
        reply = { headers, body: encode(`${body}${' '.repeat(10_000_000)}`) };
        await expect(profiles.inboxOf(webId)).rejects.toMatchObject({ isTransient: false, message: expect.stringContaining('it is larger than 64 KiB') });
        await guarded.close();
      },
    );

    describe('of a WebID without a fragment whose server answers 303', (): void => {
      const target = 'https://docs.example/bob';
      const sent: string[] = [];
      const answers = new Map<string, OutgoingResponse>();
      const outgoing = {
        send: async({ method, url }: OutgoingRequest): Promise<OutgoingResponse> => {
          sent.push(`${method} ${url}`);
          return answers.get(url) ?? { status: 404, headers: {}, body: '', isCut: false };
        },
      };
      const found = (body: string): OutgoingResponse => ({ status: 200, headers: { 'content-type': 'text/turtle' }, body: PREFIXES + body, isCut: false });
      const led = (location: string): OutgoingResponse => ({ status: 303, headers: { location }, body: '', isCut: false });

      beforeEach((): void => {
        sent.length = 0;
        answers.clear();
        profiles = new Profiles(outgoing, local, contexts);
      });

      it('in the document to which that leads.', async(): Promise<void> => {
        answers.set('https://bob.example/', led(`${target}#it`)).set(target, found('<https://bob.example/> ldp:inbox <inbox/>.'));
        expect(await profiles.inboxOf('https://bob.example/')).toBe('https://docs.example/inbox/');
        expect(await profiles.issuersOf('https://bob.example/')).toEqual([]);
        expect(sent).toEqual([ 'HEAD https://bob.example/', 'GET https://bob.example/', `GET ${target}` ]);
        await expect(profiles.inboxOf('https://bob.example/#me')).rejects.toMatchObject({ status: 303, isTransient: false });
      });

      it('also where that is on this server.', async(): Promise<void> => {
        answers.set('http://bob.example/', led('http://here.example/bob'));
        ofServer.set('http://here.example/bob', { type: 'text/turtle', body: `${PREFIXES}<http://bob.example/> ldp:inbox <inbox/>.`, isCut: false });
        expect(await profiles.inboxOf('http://bob.example/')).toBe('http://here.example/inbox/');
      });

      it.each([ 'http://docs.example/bob', '', 'https://a:b@docs.example/', 'ftp://docs.example/', 'https://', 'https://bob.example/', 'https://bob.example/#me' ])(
        'but not to %j.',
        async(location): Promise<void> => {
          answers.set('https://bob.example/', led(location));
          await expect(profiles.inboxOf('https://bob.example/')).rejects.toMatchObject({ status: 303, isTransient: false });
          expect(sent.filter((request): boolean => !request.endsWith(' https://bob.example/'))).toEqual([]);
        },
      );

      it('and no further.', async(): Promise<void> => {
        answers.set('https://bob.example/', led(target)).set(target, led('https://third.example/'));
        await expect(profiles.inboxOf('https://bob.example/')).rejects.toMatchObject({ status: 303 });
        expect(sent).not.toContainEqual(expect.stringContaining('third'));
      });
    });

    it('and never of what is said in a graph of its own, or as text.', async(): Promise<void> => {
      reply = jsonLd({ '@id': '#graph', '@graph': [{ '@id': webId, [`${LDP}inbox`]: { '@id': `${base}inbox/` }}]});
      expect(await profiles.inboxOf(webId)).toBeUndefined();
      profiles = new Profiles(openOutgoing, local, contexts);
      reply = turtle(`<#me> ldp:inbox "${base}inbox/".`);
      expect(await profiles.inboxOf(webId)).toBeUndefined();
    });

    it('that can be posted to, and the same one each time.', async(): Promise<void> => {
      reply = turtle('<#me> ldp:inbox <mailto:bob@bob.example>, </z/>, <urn:a>, <javascript:1>, </b/>, </c/>.');
      expect(await profiles.inboxOf(webId)).toBe(`${base}b/`);
      profiles = new Profiles(openOutgoing, local, contexts);
      reply = turtle('<#me> ldp:inbox <mailto:bob@bob.example>.', { link: `<urn:a>; rel="${LDP}inbox", <d/>; rel="${LDP}inbox"` });
      expect(await profiles.inboxOf(webId)).toBe(`${base}d/`);
    });

    it.each([
      [ 'text/html', '<p>Bob</p>' ],
      [ 'text/turtle', 'this is no Turtle' ],
      [ 'application/ld+json', `{"@context":"https://bob.example/context"}` ],
      [ 'text/turtle', `# ${'x'.repeat(300_000)}` ],
    ])('by the Link header, where the document cannot be read, as %s.', async(type, body): Promise<void> => {
      reply = { headers: { 'content-type': type, link: LINK }, body };
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/linked/`);
      await expect(profiles.issuersOf(webId)).rejects.toThrow(ProfileUnavailable);
    });
  });

  it('tell the identity providers and storages from the same document.', async(): Promise<void> => {
    reply = turtle(`<#me> solid:oidcIssuer <https://b.example>, <https://a.example/>; pim:storage </bob/>; ldp:inbox </inbox/>.
<#other> solid:oidcIssuer <https://evil.example/>; pim:storage </other/>.`);
    expect(await Promise.all([ profiles.issuersOf(webId), profiles.storagesOf(webId), profiles.inboxOf(webId) ]))
      .toEqual([[ 'https://a.example/', 'https://b.example' ], [ `${base}bob/` ], `${base}inbox/` ]);
    expect(await profiles.storagesOf(`${base}bob#other`)).toEqual([ `${base}other/` ]);
    expect(await profiles.storagesOf(`${base}bob#nobody`)).toEqual([]);
    expect(asked()).toEqual([ 'GET' ]);
  });

  describe('cannot be read', (): void => {
    const expectProblem = async(message: string, more: object = {}): Promise<void> => {
      for (const question of [ 'issuersOf', 'storagesOf', 'inboxOf' ] as const) {
        const error: unknown = await profiles[question](webId).catch((thrown: unknown): unknown => thrown);
        expect(error).toBeInstanceOf(ProfileUnavailable);
        expect(error).toMatchObject({ webId, ...more });
        expect((error as Error).message.replaceAll(base, '{base}')).toBe(`The profile of {base}bob#me cannot be read: ${message}`);
      }
      expect(asked()).toEqual([ 'GET' ]);
    };

    it.each([
      [ 404, 'its server answers 404; check the WebID' ],
      [ 410, 'its server answers 410; check the WebID' ],
      [ 403, 'its server answers 403; its owner must make it publicly readable' ],
      [ 302, 'its server answers 302, and redirects are not followed; the WebID must be the URL of the document' ],
      [ 500, 'its server answers 500; try again later' ],
    ])('if their server answers %p, whatever else it says.', async(status, message): Promise<void> => {
      reply = { ...turtle('<#me> ldp:inbox </inbox/>.', { link: LINK, location: '/elsewhere' }), status };
      await expectProblem(message, { status });
    });

    it('if they are larger than 64 KiB.', async(): Promise<void> => {
      reply = turtle(`<#me> ldp:inbox </inbox/>. # ${'x'.repeat(64 * 1_024)}`);
      await expectProblem('it is larger than 64 KiB; its owner must move statements about other subjects to other documents');
    });

    it('if they are no Turtle.', async(): Promise<void> => {
      reply = turtle('<#me> ldp:inbox </inbox/>. <#me> unknown:inbox <a>.');
      await expectProblem('it is not valid text/turtle; its owner must correct it: Undefined prefix "unknown:" on line 2.');
    });

    it.each([ '{"@id":', '{"@id":"#me"}}', '[', '' ])('if they are no JSON-LD, such as %p.', async(body): Promise<void> => {
      reply = { headers: { 'content-type': 'application/ld+json' }, body };
      if (body === '') {
        expect(await profiles.issuersOf(webId)).toEqual([]);
      } else {
        await expect(profiles.issuersOf(webId)).rejects.toThrow('it is not valid application/ld+json');
      }
    });

    it('if they name a context that is not bundled.', async(): Promise<void> => {
      reply = jsonLd({ '@context': `${base}context`, id: '#me' });
      await expect(profiles.issuersOf(webId)).rejects.toThrow('is not bundled with this server, and remote contexts are never fetched');
      expect(asked()).toEqual([ 'GET' ]);
    });

    it.each([[ {}, 'without media type' ], [ { 'content-type': 'text/html' }, 'text/html' ]])('if their headers are %j.', async(headers, type): Promise<void> => {
      reply = { headers: headers, body: '<p>Bob</p>' };
      await expectProblem(`it is ${type}; its server must provide it as text/turtle or application/ld+json`);
    });

    it('if there is no answer.', async(): Promise<void> => {
      profiles = new Profiles(openOutgoing, local, contexts, 0.2);
      reply = undefined;
      const error: unknown = await profiles.inboxOf(webId).catch((thrown: unknown): unknown => thrown);
      expect(error).toMatchObject({ fault: 'timeout', message: expect.stringMatching(/; check the WebID, and that its server can be reached$/u) });
      await expect(profiles.inboxOf(plain)).rejects.toMatchObject({ fault: 'timeout' });
      expect(asked()).toEqual([ 'GET' ]);
    });

    it('if requests must not go there, and then are not asked for twice.', async(): Promise<void> => {
      const send = jest.fn(async(): Promise<never> => {
        throw new OutgoingFailed('forbidden', 'GET https://bob.example: addresses of this network are not allowed.');
      });
      profiles = new Profiles({ send }, local, contexts);
      await expect(profiles.inboxOf('https://bob.example/')).rejects.toThrow(new ProfileUnavailable('https://bob.example/', {
        // Whoever names it need not know what there is of this network.
        reason: 'it cannot be reached from this server; check the WebID, and that its server can be reached',
      }));
      await expect(profiles.inboxOf('https://bob.example/')).rejects.toMatchObject({ fault: 'forbidden' });
      expect(send).toHaveBeenCalledTimes(1);
    });

    it.each([ 'bob', 'mailto:bob@bob.example', 'https://bob.example/a b', `https://bob.example/${'x'.repeat(2_048)}` ])('of what is no WebID.', async(name): Promise<void> => {
      await expect(profiles.inboxOf(name)).rejects.toThrow(ProfileUnavailable);
      await expect(profiles.issuersOf(name)).rejects.toThrow('expected a WebID that begins with https://');
      expect(asked()).toEqual([]);
    });

    it('and a failure of the program is not taken for that.', async(): Promise<void> => {
      profiles = new Profiles({ send: async(): Promise<never> => { throw new TypeError('a bug'); } }, local, contexts);
      await expect(profiles.inboxOf(webId)).rejects.toThrow(new TypeError('a bug'));
      await expect(profiles.inboxOf(plain)).rejects.toThrow(new TypeError('a bug'));
    });
  });

  describe('are remembered', (): void => {
    const timesAfter = async(seconds: number): Promise<number> => {
      await profiles.inboxOf(webId).catch((): void => {});
      later(seconds);
      await profiles.inboxOf(webId).catch((): void => {});
      return asked().length;
    };

    it.each<[string, Record<string, string>, number]>([
      [ 'as long as they say', { 'cache-control': 'max-age=60' }, 60 ],
      [ 'less the time that they lay in a cache', { 'cache-control': 'max-age=60', age: '20' }, 40 ],
      [ 'as long as caches for many may', { 'cache-control': 'max-age=600, s-maxage=30' }, 30 ],
      [ 'for 10 seconds if they must not be stored', { 'cache-control': 'no-store' }, 10 ],
      [ 'for 10 seconds if they must be asked for again, whatever their ETag', { 'cache-control': 'no-cache', etag: '"1"' }, 10 ],
      [ 'for 10 seconds if they do not say', {}, 10 ],
      [ 'for 10 seconds if they say less', { 'cache-control': 'max-age=1' }, 10 ],
      [ 'for an hour if they say more', { 'cache-control': 'public, max-age=86400' }, 3_600 ],
    ])('%s.', async(_, headers, seconds): Promise<void> => {
      reply = turtle('<#me> ldp:inbox </inbox/>.', headers);
      expect(await timesAfter(seconds - 1)).toBe(1);
      later(seconds + 1);
      expect(await timesAfter(0)).toBe(2);
    });

    it.each<[string, Reply]>([
      [ 'that are not there', { status: 404, headers: { 'cache-control': 'max-age=600' }}],
      [ 'that are broken', { headers: { 'content-type': 'text/turtle', 'cache-control': 'max-age=600' }, body: 'no Turtle' }],
    ])('for 10 seconds, those %s.', async(_, broken): Promise<void> => {
      reply = broken;
      expect(await timesAfter(9)).toBe(1);
      later(11);
      reply = turtle('<#me> ldp:inbox </inbox/>.');
      expect(await profiles.inboxOf(webId)).toBe(`${base}inbox/`);
    });

    it('for 10 seconds if they say very much.', async(): Promise<void> => {
      reply = turtle(Array.from({ length: 200 }, (_, index): string => `<#${index}> ldp:inbox </inbox/${index}/>.`).join('\n'), { 'cache-control': 'max-age=600' });
      expect(await timesAfter(11)).toBe(2);
      expect(await profiles.inboxOf(`${base}bob#199`)).toBe(`${base}inbox/199/`);
    });

    it('once for all that ask at the same time.', async(): Promise<void> => {
      reply = turtle('<#me> ldp:inbox </inbox/>.');
      const inboxes = await Promise.all(Array.from({ length: 20 }, async(_, index): Promise<unknown> =>
        index % 2 ? profiles.inboxOf(webId) : profiles.issuersOf(webId)));
      expect(inboxes.filter((inbox): boolean => inbox === `${base}inbox/`)).toHaveLength(10);
      await Promise.all([ profiles.inboxOf(plain), profiles.inboxOf(plain) ]);
      expect(asked()).toEqual([ 'GET' ]);
    });
  });

  describe('of this server', (): void => {
    it('are read without a request.', async(): Promise<void> => {
      ofServer.set('http://here.example/alice', { type: 'text/turtle', body: `${PREFIXES}<#me> ldp:inbox <inbox/>. <> ldp:inbox <own/>.`, isCut: false });
      expect(await profiles.inboxOf('http://here.example/alice#me')).toBe('http://here.example/inbox/');
      expect(await profiles.inboxOf('http://here.example/alice')).toBe('http://here.example/own/');
      expect(asked()).toEqual([]);
    });

    it('are asked for again after 10 seconds.', async(): Promise<void> => {
      await expect(profiles.inboxOf('http://here.example/alice#me')).rejects
        .toThrow('The profile of http://here.example/alice#me cannot be read: there is no publicly readable document; check the WebID');
      ofServer.set('http://here.example/alice', { type: 'text/turtle', body: '', isCut: false });
      await expect(profiles.inboxOf('http://here.example/alice#me')).rejects.toThrow(ProfileUnavailable);
      later(11);
      expect(await profiles.inboxOf('http://here.example/alice#me')).toBeUndefined();
    });
  });
});
