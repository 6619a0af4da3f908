import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Node { readonly [key: string]: unknown }

const folder = join(__dirname, '../../config');
const files = readdirSync(folder, { recursive: true }).map(String).filter((name): boolean => name.endsWith('.json'));
const read = (name: string): Node => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Node;

/** All nodes of a configuration that have a type, wherever they are. */
function nodesOf(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const inner = Object.values(value).flatMap(nodesOf);
  return '@type' in value ? [ value, ...inner ] : inner;
}

describe('The configuration', (): void => {
  it.each(files)('has a name and a comment for every node of %s.', (name): void => {
    for (const node of nodesOf(read(name)['@graph'])) {
      // A type inside an Override only says how its parameters are called.
      if (Object.keys(node).some((key): boolean => key.startsWith('@id')) || node['@type'] !== overriddenType(name)) {
        expect(node['@id']).toMatch(/^urn:solid-(?:server(?:-app-setup)?|pod-events):/u);
        expect(typeof node.comment).toBe('string');
      }
    }
  });

  it.each(files.filter((name): boolean => !name.includes('/')))('only imports in %s.', (name): void => {
    expect(read(name)['@graph']).toEqual([]);
    expect(read(name).import).not.toEqual([]);
  });

  it('describes each endpoint for programs in the part that adds it.', (): void => {
    const tags = files.flatMap((name): [string, unknown][] => nodesOf(read(name)['@graph'])
      .filter((node): boolean => node['@type'] === 'OpenApiEndpoint').map(({ tags: added }): [string, unknown] => [ name, added ]));
    const endpoints = files.filter((name): boolean => nodesOf(read(name)['@graph']).some((node): boolean =>
      node['@type'] === 'EventHttpHandler' && [ node.endpoints, node.serverEndpoints ].some((list): boolean => Array.isArray(list) && list.length > 0)));
    expect(Object.fromEntries(tags)).toEqual(Object.fromEntries(endpoints.map((name): [string, string[]] =>
      [ name, [ name.replace(/^parts\/(?:endpoint-|server-|dialect-)?|\.json$/gu, '') ]])));
    expect(tags).toHaveLength(endpoints.length);
  });

  it('has one Override in each file of overrides/, and no two for one target.', (): void => {
    const overrides = files.map((name): [string, Node[]] =>
      [ name, nodesOf(read(name)['@graph']).filter((node): boolean => node['@type'] === 'Override') ]);
    for (const [ name, found ] of overrides) {
      expect([ name, found.length ]).toEqual([ name, name.startsWith('overrides/') ? 1 : 0 ]);
    }
    const targets = overrides.flatMap(([ , found ]): unknown[] => found.map((node): unknown => (node.overrideInstance as Node)['@id']));
    expect(new Set(targets).size).toBe(targets.length);
  });

  it('inserts itself into the HTTP handlers by a step, under a name that others can chain on.', (): void => {
    const [ override ] = read('overrides/base-http-handler.json')['@graph'] as Node[];
    expect(override).toMatchObject({
      '@id': 'urn:solid-pod-events:default:BaseHttpHandlerOverride',
      overrideInstance: { '@id': 'urn:solid-server:default:BaseHttpHandler' },
      overrideSteps: [ 'HttpHandler', 'ApiKeyLdpHandler' ].map((name): object => expect.objectContaining({
        '@type': 'OverrideListInsertBefore', overrideValue: { '@id': `urn:solid-pod-events:default:${name}` },
      })),
    });
  });
});

/** The type that an Override of this file names to tell of which class its parameters are. */
function overriddenType(name: string): unknown {
  const [ node = {}] = read(name)['@graph'] as Node[];
  return (node.overrideParameters as Node | undefined)?.['@type'];
}
