import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Described { readonly [id: `@${string}`]: string; readonly extends?: string | readonly string[]; readonly parameters?: unknown }

const folder = join(__dirname, '../../components');
const described = readdirSync(folder, { recursive: true }).map(String)
  .filter((name): boolean => name.endsWith('.jsonld') && name !== 'context.jsonld' && name !== 'components.jsonld')
  .flatMap((name): Described[] =>
    (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { components?: Described[] }).components ?? []);

/** The components of this package that a component extends, or that are types of its parameters. */
function referencesOf({ extends: parents, parameters }: Described): string[] {
  return [ ...JSON.stringify([ parents, parameters ]).matchAll(/"(pod-events:[^"]+\.jsonld#[A-Za-z]+)"/gu) ].map(([ , id ]): string => id);
}

describe('The component descriptions', (): void => {
  it('describe each component that another one names: index.ts exports it.', (): void => {
    const known = new Set(described.map((component): string => component['@id']));
    expect(known.size).toBeGreaterThan(100);
    for (const component of described) {
      expect([ component['@id'], referencesOf(component).filter((id): boolean => !known.has(id)) ]).toEqual([ component['@id'], []]);
    }
  });
});
