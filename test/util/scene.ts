import type { TestAgent } from './accounts';
import { logIn } from './accounts';
import { grant } from './access';
import type { TestServer } from './server';
import { startServer } from './server';

/** A server with the three pods of the documents' example, whose owners are logged in. */
export interface Scene {
  readonly server: TestServer;
  readonly producer: TestAgent;
  readonly user: TestAgent;
  readonly subscriber: TestAgent;
  readonly end: () => Promise<void>;
}

/**
 * Starts the scene: the producer may publish to the user on topics below `realestate`, and the subscriber follow them.
 * The server can be given values of options of the command line.
 */
export async function setScene(
  config = 'test/config/file.json',
  options: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const server = await startServer(config, [ 'producer', 'user', 'subscriber' ], 'localhost', false, options);
  const producer = await logIn(server.baseUrl, 'producer', 'Bearer');
  const user = await logIn(server.baseUrl, 'user');
  const subscriber = await logIn(server.baseUrl, 'subscriber', 'Bearer');
  await grant(user, `${user.pod}topics/realestate/`, {
    [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ],
  });
  return {
    server,
    producer,
    user,
    subscriber,
    end: async(): Promise<void> => {
      for (const agent of [ producer, user, subscriber ]) {
        await agent.logout();
      }
      await server.stop();
    },
  };
}

/** POSTs a body as JSON, unless other headers are given. */
export async function post(
  fetcher: typeof fetch,
  url: string,
  body: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> {
  return fetcher(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** The URLs of the resources in a container, in the order of its listing. */
export async function members(agent: TestAgent, container: string): Promise<string[]> {
  const response = await agent.fetch(container, { headers: { accept: 'application/n-triples' }});
  if (!response.ok) {
    throw new Error(`GET ${container}: ${response.status}`);
  }
  return [ ...(await response.text()).matchAll(/ldp#contains> <([^>]*)>/gu) ].map(([ , url ]): string => url);
}
