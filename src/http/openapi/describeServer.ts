/** What is to be known of an operation. */
interface Operation {
  readonly tags: readonly string[];
}

/**
 * A description of HTTP APIs, as far as it is changed here.
 *
 * @see https://spec.openapis.org/oas/v3.1.1#openapi-object
 */
export interface OpenApiDocument {
  readonly servers: readonly object[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | readonly object[]>>>>;
}

/**
 * The description of one server.
 *
 * @param document - The description of all endpoints.
 * @param baseUrl - The base URL of the server.
 * @param tags - The tags of the endpoints that the server has; what has another tag is left out.
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
