import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenApiDocument } from './describeServer';

/** Members that several parts may have. */
const MERGED = new Set([ 'tags', 'paths', 'components' ]);

type Members = Readonly<Record<string, unknown>>;
type Part = Members & {
  readonly tags?: readonly unknown[];
  readonly paths?: Members;
  readonly components?: Readonly<Record<string, Members>>;
};

/**
 * Joins the OpenAPI parts below a folder into one document.
 *
 * Tags, paths and components are merged. All other members, such as `info`, are in one part only.
 *
 * @param folder - Folder of the sources.
 *
 * @returns The description of all APIs; parts are in the order of their paths.
 *
 * @throws An `Error` if two parts define the same path, component or member.
 */
export function joinParts(folder: string): OpenApiDocument {
  const parts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name): boolean => /(?:^|[/\\])openapi\.json$/u.test(name)).sort()
    .map((name): Part => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Part);
  return {
    ...merge(parts.map(withoutMerged)),
    tags: parts.flatMap(({ tags }): readonly unknown[] => tags ?? []),
    paths: merge(parts.map(({ paths }): Members => paths ?? {})),
    components: mergeKinds(parts.map(({ components }): Readonly<Record<string, Members>> => components ?? {})),
  } as unknown as OpenApiDocument;
}

function withoutMerged(part: Part): Members {
  return Object.fromEntries(Object.entries(part).filter(([ key ]): boolean => !MERGED.has(key)));
}

function mergeKinds(components: readonly Readonly<Record<string, Members>>[]): Members {
  const kinds = new Set(components.flatMap((kind): string[] => Object.keys(kind)));
  return Object.fromEntries([ ...kinds ].map((kind): [string, Members] =>
    [ kind, merge(components.map((members): Members => members[kind] ?? {})) ]));
}

function merge(objects: readonly Members[]): Members {
  const merged: Record<string, unknown> = {};
  for (const [ key, value ] of objects.flatMap((object): [string, unknown][] => Object.entries(object))) {
    if (key in merged) {
      throw new Error(`Two OpenAPI parts define ${key}`);
    }
    merged[key] = value;
  }
  return merged;
}
