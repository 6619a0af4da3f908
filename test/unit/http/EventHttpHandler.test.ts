import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpHandler, HttpHandlerInput, HttpRequest, TargetExtractor } from '@solid/community-server';
import type { HttpProblem } from '../../../src/http/errors';
import { EventHttpHandler } from '../../../src/http/EventHttpHandler';
import type { EndpointResponse, HttpExchange, PathRule } from '../../../src/http/Endpoint';
import { Endpoint, jsonResponse } from '../../../src/http/Endpoint';
import { StoreUnavailable } from '../../../src/store/StoreUnavailable';
import { ContainerGone } from '../../../src/store/ContainerGone';
import type { PodDirectory } from '../../../src/pod/PodDirectory';
import { ServerUrls } from '../../../src/url/ServerUrls';
import { CostBudget } from '../../../src/access/CostBudget';
import { currentAccount } from '../../../src/access/costs';

class TestEndpoint extends Endpoint {
  public answer: () => EndpointResponse = (): EndpointResponse => ({ status: 200, body: 'hello' });

  public ruleFor(path: string): PathRule | undefined {
    return path === 'hello' ? { own: [ 'GET', 'HEAD' ], ldp: [ 'PUT' ]} : undefined;
  }

  public async handle(): Promise<EndpointResponse> {
    return this.answer();
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}

class ServerEndpoint extends TestEndpoint {
  public asked = 0;
  public exchange: HttpExchange | undefined;

  public override ruleFor(path: string): PathRule | undefined {
    this.asked += 1;
    return path === '.events/hello' || path === 'pod/.events/hello' ? { own: [ 'GET' ], ldp: []} : undefined;
  }

  public override async handle(exchange?: HttpExchange): Promise<EndpointResponse> {
    this.exchange = exchange;
    return { status: 200, body: 'server' };
  }
}

describe('The border to the server', (): void => {
  const endpoint = new TestEndpoint();
  const serverEndpoint = new ServerEndpoint();
  const located: string[] = [];
  const existing = new Set<string>();
  const targetExtractor = {
    handleSafe: async({ request }: { request: HttpRequest }): Promise<object> => ({ path: `http://localhost${request.url}` }),
  } as unknown as TargetExtractor;
  const pods = {
    locate: async(url: string): Promise<string | undefined> => {
      located.push(url);
      if (url.endsWith('/locked')) {
        throw new StoreUnavailable('busy', 'locked');
      }
      if (url.endsWith('/broken')) {
        throw new Error('broken');
      }
      return /^http:\/\/localhost\/[^/]+\//u.exec(url)?.[0];
    },
    exists: async(pod: string): Promise<boolean> => pod === 'http://localhost/pod/',
    hasResource: async(url: string): Promise<boolean> => existing.has(url),
  } as unknown as PodDirectory;
  const ldpHandler = {
    handleSafe: async({ response }: HttpHandlerInput): Promise<void> => {
      response.writeHead(298);
      response.end();
    },
  } as unknown as HttpHandler;
  const handler = new EventHttpHandler(targetExtractor, pods, [ endpoint ], 'http://localhost/', [ serverEndpoint ], ldpHandler, new ServerUrls('http://localhost/'));

  let current = handler;

  const send = async(method: string, url: string): Promise<{ status: number; body: string; headers: Record<string, unknown> }> => {
    const server = createServer((request, response): void => {
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      current.handleSafe({ request: request as unknown as HttpRequest, response }).catch((error: unknown): void => {
        response.writeHead(299);
        response.end((error as Error).message);
      });
    });
    await new Promise<void>((resolve): unknown => server.listen(0, 'localhost', resolve));
    return new Promise((resolve): void => {
      const { port } = server.address() as AddressInfo;
      httpRequest({ host: 'localhost', port, path: url, method, headers: { host: 'localhost' }}, (response): void => {
        let body = '';
        response.on('data', (chunk: Buffer): void => { body += chunk.toString(); });
        response.on('end', (): void => {
          server.close();
          resolve({ status: response.statusCode!, body, headers: response.headers });
        });
      }).end();
    });
  };

  it('answers what is of an endpoint, and leaves the rest to the server.', async(): Promise<void> => {
    expect(await send('GET', '/pod/hello')).toMatchObject({ status: 200, body: 'hello', headers: { 'content-length': '5' }});
    expect(await send('HEAD', '/pod/hello')).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' }});
    expect(await send('PUT', '/pod/hello')).toMatchObject({ status: 299 });
    expect(await send('GET', '/pod/other')).toMatchObject({ status: 299 });
    expect(await send('GET', '/pod/')).toMatchObject({ status: 299 });
    expect(await send('GET', '/hello')).toMatchObject({ status: 299 });
    expect(await send('DELETE', '/pod/hello')).toMatchObject({ status: 405 });
    expect(await send('GET', '/pod/hello/')).toMatchObject({ status: 200, body: 'hello' });
    expect(await send('PUT', '/pod/hello/')).toMatchObject({ status: 299 });
    expect(await send('DELETE', '/pod/hello/')).toMatchObject({ status: 405 });
  });

  it('leaves a path of the server to an existing pod, if its endpoint yields to pods.', async(): Promise<void> => {
    class Yielding extends ServerEndpoint {
      public override ruleFor(path: string): PathRule | undefined {
        return /^[^/]+\/(?:hello|other)$/u.test(path) ? { ldp: [ 'OPTIONS' ], yieldsToPods: true } : undefined;
      }
    }
    current = new EventHttpHandler(targetExtractor, pods, [ endpoint ], 'http://localhost/', [ new Yielding() ], ldpHandler, new ServerUrls('http://localhost/'));
    try {
      expect(await send('GET', '/nobody/hello')).toMatchObject({ status: 200, body: 'server' });
      expect(await send('PATCH', '/nobody/other')).toMatchObject({ status: 200, body: 'server' });
      expect(await send('OPTIONS', '/nobody/other')).toMatchObject({ status: 299 });
      expect(await send('GET', '/pod/hello')).toMatchObject({ status: 200, body: 'hello' });
      expect(await send('GET', '/pod/other')).toMatchObject({ status: 299 });
      expect(current.isClaimed('http://localhost/pod/other', 'http://localhost/pod/')).toBe(false);
      expect(current.isClaimed('http://localhost/pod/other', 'http://localhost/')).toBe(true);
    } finally {
      current = handler;
    }
  });

  it('answers what is of the server as a whole before it looks for a pod, and looks once at each URL.', async(): Promise<void> => {
    serverEndpoint.asked = 0;
    located.length = 0;
    for (const path of [ '/.events/hello', '/.events/hello', '/pod/.events/hello' ]) {
      expect(await send('GET', path)).toMatchObject({ status: 200, body: 'server' });
    }
    expect(await send('DELETE', '/.events/hello')).toMatchObject({ status: 405 });
    expect([ serverEndpoint.asked, located ]).toEqual([ 2, []]);
    expect(serverEndpoint.exchange).toMatchObject({ pod: 'http://localhost/', path: 'pod/.events/hello', url: 'http://localhost/pod/.events/hello' });
    expect(await send('GET', '/.events/other')).toMatchObject({ status: 299 });
    expect(await send('GET', '/none/hello')).toMatchObject({ status: 404 });
    expect(located).toEqual([ 'http://localhost/.events/other', 'http://localhost/none/hello' ]);
  });

  it('says that a container was deleted, be it the target or where the event would be stored.', async(): Promise<void> => {
    const { answer } = endpoint;
    for (const [ path, status ] of [[ 'hello', 404 ], [ 'publish/', 409 ]] as const) {
      endpoint.answer = (): never => {
        throw new ContainerGone(`http://localhost/pod/${path}`);
      };
      const got = await send('GET', '/pod/hello');
      expect([ got.status, got.body ]).toEqual([ status, expect.stringContaining('create it again') ]);
    }
    endpoint.answer = answer;
  });

  it('tells which URLs it claims, so that a resource there is hidden.', (): void => {
    const claimed = [ 'pod/hello', 'pod/hello/', 'pod/other', 'pod/other/', '.events/hello', '.events/hello/' ]
      .map((path): boolean => handler.isClaimed(`http://localhost/${path}`, 'http://localhost/pod/'));
    expect(claimed).toEqual([ true, false, false, false, true, false ]);
    expect(handler.isClaimed('http://pod.localhost/hello', 'http://pod.localhost/')).toBe(true);
  });

  it('leaves an existing resource to LDP at another spelling of a path, and only there.', async(): Promise<void> => {
    const statuses = async(): Promise<number[]> =>
      Promise.all([ '/pod/hello', '/pod/hello/', '/.events/hello' ].map(async(path): Promise<number> => (await send('GET', path)).status));
    const before = await statuses();
    for (const path of [ 'pod/hello', 'pod/hello/', '.events/hello' ]) {
      existing.add(`http://localhost/${path}`);
    }
    expect(before).toEqual([ 200, 200, 200 ]);
    expect(await statuses()).toEqual([ 200, 299, 200 ]);
    existing.clear();
  });

  it('has no length where there is no content.', async(): Promise<void> => {
    for (const status of [ 204, 304 ]) {
      endpoint.answer = (): EndpointResponse => ({ status });
      const answer = await send('GET', '/pod/hello');
      expect([ answer.status, answer.headers['content-length'] ]).toEqual([ status, undefined ]);
    }
  });

  it('keeps what is read out of shared caches, unless the endpoint says otherwise.', async(): Promise<void> => {
    endpoint.answer = (): EndpointResponse => ({ status: 200 });
    expect((await send('GET', '/pod/hello')).headers['cache-control']).toBe('no-store');
    endpoint.answer = (): EndpointResponse => ({ status: 200, headers: { 'Cache-Control': 'max-age=60' }});
    expect((await send('HEAD', '/pod/hello')).headers['cache-control']).toBe('max-age=60');
  });

  it('lets no browser believe that any origin may read with credentials.', async(): Promise<void> => {
    endpoint.answer = (): EndpointResponse => ({ status: 200 });
    expect((await send('GET', '/pod/hello')).headers['access-control-allow-credentials']).toBe('true');
    endpoint.answer = (): EndpointResponse => ({ status: 200, headers: { 'Access-Control-Allow-Origin': '*' }});
    const { headers } = await send('GET', '/pod/hello');
    expect(headers).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('tells no details of a failure.', async(): Promise<void> => {
    endpoint.answer = (): never => { throw new Error('the password is secret'); };
    const { status, body } = await send('GET', '/pod/hello');
    expect(status).toBe(500);
    expect(body).toMatch(/^\{"error":"The server could not do this; its log says why, under [0-9a-f-]{36}"\}$/u);
    endpoint.answer = (): never => { throw 'text'; }; // eslint-disable-line @typescript-eslint/only-throw-error -- some libraries throw strings
    expect((await send('GET', '/pod/hello')).status).toBe(500);
  });

  it('refuses who has used up its budget, with what was refused before, and nobody else.', async(): Promise<void> => {
    const budget = new CostBudget('http://localhost/', 1.5);
    current = new EventHttpHandler(targetExtractor, pods, [ endpoint ], 'http://localhost/', [ serverEndpoint ], ldpHandler, new ServerUrls('http://localhost/'), budget);
    endpoint.answer = (): EndpointResponse => ({ status: 200 });
    const statuses = async(...requests: [string, string][]): Promise<number[]> => {
      const all: number[] = [];
      for (const [ method, url ] of requests) {
        all.push((await send(method, url)).status);
      }
      return all;
    };
    expect(await statuses([ 'GET', '/pod/hello' ], [ 'DELETE', '/pod/hello' ], [ 'GET', '/pod/hello' ])).toEqual([ 200, 405, 200 ]);
    expect(await statuses([ 'GET', '/pod/hello' ], [ 'DELETE', '/pod/hello' ])).toEqual([ 429, 429 ]);
    expect((await send('GET', '/pod/hello')).headers['retry-after']).toMatch(/^[1-9]\d*$/u);
    expect(await statuses([ 'GET', '/a/hello' ], [ 'GET', '/b/hello' ], [ 'GET', '/c/hello' ], [ 'GET', '/d/hello' ]))
      .toEqual([ 404, 404, 404, 429 ]);
    endpoint.answer = (): EndpointResponse => {
      currentAccount()!.identify({ agent: 'http://localhost/me' });
      return { status: 200 };
    };
    expect(await statuses([ 'GET', '/pod/hello' ])).toEqual([ 200 ]);
    current = handler;
  });

  it('says when to try again where the store cannot be used, and leaves reads to the server.', async(): Promise<void> => {
    endpoint.answer = (): never => { throw new StoreUnavailable('readOnly', '/data/events.sqlite is read-only'); };
    const { status, body } = await send('GET', '/pod/hello');
    expect([ status, body ]).toEqual([ 503, expect.stringContaining('try again in 60 seconds') ]);
    expect(body).not.toContain('sqlite');
    expect(await send('GET', '/pod/locked')).toMatchObject({ status: 299 });
    expect(await send('POST', '/pod/locked'))
      .toMatchObject({ status: 503, headers: { 'retry-after': '5', 'content-type': 'application/json' }});
    expect(await send('POST', '/pod/broken')).toMatchObject({ status: 299, body: 'broken' });
    expect(handler.endpointNames).toEqual([ 'Server', 'Test' ]);
  });
});
