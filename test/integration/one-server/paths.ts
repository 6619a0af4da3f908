import { createApiKey } from '../../util/accounts';
import { METHODS, OPENAPI } from '../../util/openapi';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';

const UNKNOWN = '0190a0b0-0000-7000-8000-000000000001';
const EVENT = { topic: 'paths/note', data: 1 };

/** All operations of endpoints; the rest is the server's own LDP. */
const operations = Object.entries(OPENAPI.paths).flatMap(([ path, item ]): [method: string, path: string][] =>
  METHODS.filter((method): boolean => method in item && (method === 'post' || !/^\/\{pod\}\/(?:publish|inbox)\//u.test(path)))
    .map((method): [string, string] => [ method.toUpperCase(), path ]));

/** Other spellings of a path. */
function spellings(path: string): string[] {
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  return [ other, path, other ].map((text, index): string => index === 0 ? text : text.replace(/\/(?=[^/]+\/?$)/u, '//'))
    .concat(`/${path}`, `${path.replace(/\/$/u, '')}//`);
}

/** The text of an error, in the form of any dialect. */
function messageOf(body: any): unknown {
  return body.error_description ?? body.error_msg ?? (typeof body.message === 'object' ? body.message.value : body.message) ?? body.error;
}

describe('The paths of endpoints', (): void => {
  let scene: Scene;
  let key: string;

  const fill = (path: string): string => path.replace('{pod}', scene.user.name).replace('{project_id}', scene.user.name)
    .replace('{channel_id}', 'paths')
    .replace('{id}', /\/(?:event|system)\/\{id\}(?:\/events)?$/u.test(path) ? '999' : UNKNOWN);
  const ask = async(method: string, path: string, headers: Record<string, string>): Promise<{ status: number; body: string; location: string | null }> => {
    const response = await fetch(`${scene.server.baseUrl.slice(0, -1)}${path}`, {
      method, headers: { accept: 'application/json', ...headers }, ...method !== 'GET' && { body: '{}' },
    });
    return { status: response.status, body: await response.text(), location: response.headers.get('location') };
  };
  /** An answer without what differs between two requests. */
  const common = ({ body, ...answer }: Awaited<ReturnType<typeof ask>>): object =>
    ({ ...answer, body: body.replaceAll(/eyJ[\w.-]+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|\d{4,}/gu, '…') });

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    ({ key } = await createApiKey(scene.server.baseUrl, scene.user.webId));
  });

  afterAll(async(): Promise<void> => scene.end());

  it.each(operations)('%s %s is the same with other slashes.', async(method, template): Promise<void> => {
    const path = fill(template);
    const json = { 'content-type': 'application/json' };
    for (const headers of [ json, { ...json, 'x-api-key': 'spe_unknown' }, { ...json, 'x-api-key': key }]) {
      const expected = common(await ask(method, path, headers));
      for (const spelling of spellings(path)) {
        expect([ spelling, common(await ask(method, spelling, headers)) ]).toEqual([ spelling, expected ]);
      }
    }
  });

  it.each(operations)('%s %s tells what is missing, if a credential is.', async(method, template): Promise<void> => {
    for (const headers of [{}, { 'x-api-key': 'spe_unknown' }, { authorization: 'Bearer unknown' }, { authorization: 'DPoP unknown' }]) {
      const { status, body } = await ask(method, fill(template), { 'content-type': 'application/json', ...headers as Record<string, string> });
      if (status === 401 || status === 403) {
        expect(messageOf(JSON.parse(body))).toMatch(/\S{3}/u);
      }
    }
  });

  it.each([ '', UNKNOWN ])('refusals in publish/ and inbox/ (%s) tell the missing credential or permission.', async(name): Promise<void> => {
    const { user, producer } = scene;
    for (const url of [ `${user.pod}publish/${name}`, `${user.pod}inbox/${name}` ]) {
      for (const [ method, mode ] of [[ 'GET', 'Read' ], [ 'HEAD', 'Read' ], [ 'PUT', 'Write' ]]) {
        const init = { method, headers: { accept: 'application/json', 'content-type': 'text/turtle' }};
        const [ none, other ] = [ await fetch(url, init), await producer.fetch(url, init) ];
        if (none.status !== 405) {
          expect([ url, method, none.status, other.status ]).toEqual([ url, method, 401, 403 ]);
        }
        if (method === 'GET') {
          const messages = [ await none.json(), await other.json() ].map(messageOf);
          expect(messages).toEqual([
            `acl:${mode} on ${url} requires a credential: log in by Solid-OIDC and send the access token in Authorization`,
            `Not authorized: the owner of the pod has to grant acl:${mode} on ${url}`,
          ]);
        }
      }
    }
    const elsewhere = await fetch(`${user.pod}topics/`, { headers: { accept: 'application/json' }});
    expect([ elsewhere.status, messageOf(await elsewhere.json()) ]).toEqual([ 401, '' ]);
  });

  it('give documents one URL.', async(): Promise<void> => {
    const { user } = scene;
    const event = { ...EVENT, recipient: user.webId };
    const headers = { 'content-type': 'application/json', 'x-api-key': key, 'idempotency-key': 'one' };
    const locations: (string | null)[] = [];
    for (const path of [ 'publish/', 'publish', '/publish', '/publish/', 'publish//' ]) {
      const response = await post(fetch, `${user.pod}${path}`, event, headers);
      expect([ path, response.status ]).toEqual([ path, 201 ]);
      locations.push(response.headers.get('location'));
    }
    expect(new Set(locations).size).toBe(1);
    expect(locations[0]!.startsWith(`${user.pod}publish/`)).toBe(true);
    const followed = await post(fetch, `${user.pod}subscriptions`, { topic: 'paths', inbox: user.inbox }, { ...headers, 'idempotency-key': 'two' });
    const { id } = await followed.json();
    expect([ followed.status, followed.headers.get('location') ]).toEqual([ 201, id ]);
    expect(id).toMatch(new RegExp(`^${user.pod}subscriptions/[\\da-f-]{36}$`, 'u'));
    for (const url of [ id, `${id}/`, id.replace('subscriptions/', 'subscriptions//') ]) {
      const response = await fetch(url, { headers: { 'x-api-key': key }});
      expect([ url, response.status, (await response.json()).id ]).toEqual([ url, 200, id ]);
    }
    const before = await members(user, user.inbox);
    const notified = await scene.producer.fetch(`${user.pod}inbox`, {
      method: 'POST', headers: { 'content-type': 'text/turtle' }, body: '<> <urn:x:a> "b".',
    });
    expect(notified.status).toBe(201);
    expect(await members(user, user.inbox)).toHaveLength(before.length + 1);
    expect(notified.headers.get('location')!.startsWith(`${user.pod}inbox/`)).toBe(true);
  });

  it('are the same for DPoP proofs, and others are refused.', async(): Promise<void> => {
    const { user } = scene;
    for (const path of [ 'subscriptions/', 'subscriptions', 'deliveries/', 'deliveries', 'system', 'system/', 'event/received/' ]) {
      expect([ path, (await user.fetch(`${user.pod}${path}`)).status ]).toEqual([ path, 200 ]);
    }
  });

  it('leave the server\'s own resources as they are.', async(): Promise<void> => {
    const { user } = scene;
    const accept = 'text/turtle';
    for (const path of [ 'publish', 'inbox', 'profile/card/', 'topics' ]) {
      expect([ path, (await user.fetch(`${user.pod}${path}`, { headers: { accept }})).status ]).toEqual([ path, 404 ]);
    }
    expect((await user.fetch(`${user.pod}publish/`, { headers: { accept }})).status).toBe(200);
  });
});
