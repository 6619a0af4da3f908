import type { TestAgent } from './accounts';
import { logIn } from './accounts';
import { grant } from './access';
import type { TestServer } from './server';
import { TRIO } from './seeded';
import { startServer } from './server';

/** A server with the three pods of the documents' example, whose owners are logged in. */
export interface Scene {
  readonly server: TestServer;
  readonly producer: TestAgent;
  readonly user: TestAgent;
  readonly subscriber: TestAgent;
  readonly end: () => Promise<void>;
}

const DEFAULT_CONFIG = 'test/config/file.json';
const PODS = TRIO;

/** Server with the default configuration that the scenes of a test file share. */
let shared: TestServer | undefined;
/** Number of scenes on the shared server. */
let scenes = 0;

const podsOf = (scene: number): string[] => PODS.map((name): string => `${name}${scene}`);

/**
 * Starts one server for all scenes of a test file with the default configuration. Each scene has its own pods there.
 *
 * @param most - Maximum number of scenes.
 */
export function shareServer(most: number): void {
  beforeAll(async(): Promise<void> => {
    shared = await startServer(DEFAULT_CONFIG, Array.from({ length: most }, (_, scene): string[] => podsOf(scene)).flat());
  });

  afterAll(async(): Promise<void> => {
    await shared?.stop();
    shared = undefined;
  });
}

/**
 * Starts the scene: the producer may publish to the user on topics below `realestate`, and the subscriber follow them.
 *
 * A scene with the default configuration is set on the server of {@link shareServer}, if the test file has one. The
 * names of its pods end in a number.
 *
 * @param config - Path of the configuration, in the project.
 * @param options - Options of the command line.
 */
export async function setScene(
  config = DEFAULT_CONFIG,
  options: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const isShared = shared !== undefined && config === DEFAULT_CONFIG && Object.keys(options).length === 0;
  const server = isShared ? shared! : await startServer(config, PODS, 'localhost', false, options);
  const names = isShared ? podsOf(scenes++) : PODS;
  const producer = await logIn(server.baseUrl, names[0], 'Bearer');
  const user = await logIn(server.baseUrl, names[1]);
  const subscriber = await logIn(server.baseUrl, names[2], 'Bearer');
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
      if (!isShared) {
        await server.stop();
      }
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
