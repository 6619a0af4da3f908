/** The members of an OpenAPI operation that select it. */
interface Operation {
  readonly tags: readonly string[];
}

/**
 * The members of an OpenAPI document that depend on the server.
 *
 * @see https://spec.openapis.org/oas/v3.1.1#openapi-object
 */
export interface OpenApiDocument {
  readonly servers: readonly object[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | readonly object[]>>>>;
}

/**
 * Reduces the description of all APIs to the configured endpoints of one server.
 *
 * @param document - Description of all APIs.
 * @param baseUrl - Base URL of the server.
 * @param tags - Tags of the configured endpoints. Operations and tags with other names are omitted.
 */
export function describeServer(document: OpenApiDocument, baseUrl: string, tags: readonly string[]): OpenApiDocument {
  const isThere = (operation: Operation | readonly object[]): boolean =>
    !('tags' in operation) || operation.tags.some((tag): boolean => tags.includes(tag));
  const paths = Object.entries(document.paths).flatMap(([ path, item ]): [string, OpenApiDocument['paths'][string]][] => {
    const members = Object.entries(item).filter(([ , member ]): boolean => isThere(member));
    return members.some(([ , member ]): boolean => 'tags' in member) ? [[ path, Object.fromEntries(members) ]] : [];
  });
  return {
    ...document,
    // Paths begin with a slash.
    servers: [{ url: baseUrl.replace(/\/$/u, '') }],
    tags: document.tags.filter(({ name }): boolean => tags.includes(name)),
    paths: Object.fromEntries(paths),
  };
}
