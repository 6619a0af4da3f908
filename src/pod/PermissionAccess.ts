import type { IdentifierStrategy, PermissionMap, PermissionReader } from '../css';
import { AccessMode, ForbiddenHttpError, IdentifierSetMultiMap } from '../css';
import type { Caller } from '../identity/Caller';
import type { Access, Mode } from '../access/ports';
import { withQueriedResources } from './queriedResources';

/**
 * Decides access with the server's own permission reader, for WAC and ACP.
 *
 * @see https://solidproject.org/TR/wac
 * @see https://solidproject.org/TR/acp
 */
export class PermissionAccess implements Access {
  /**
   * @param permissionReader - The server's permission reader.
   * @param identifierStrategy - Decides whether a URL belongs to this server. Default: all URLs do. A query about
   * another URL throws an error, because the reader would report it as a refusal.
   */
  public constructor(
    private readonly permissionReader: PermissionReader,
    private readonly identifierStrategy?: IdentifierStrategy,
  ) {}

  public async allowed(
    { agent, client, issuer }: Caller,
    resources: readonly string[],
    mode: Mode,
  ): Promise<ReadonlySet<string>> {
    const elsewhere = resources.find((path): boolean =>
      this.identifierStrategy?.supportsIdentifier({ path }) === false);
    if (elsewhere !== undefined) {
      throw new Error(`Access to ${elsewhere} cannot be decided: the URL does not belong to this server`);
    }
    // Control cannot be requested; readers report it along with any other mode.
    const wanted = mode === 'control' ? AccessMode.read : AccessMode[mode];
    // The reader caches by object identity, so each query creates new objects.
    const requestedModes = new IdentifierSetMultiMap<AccessMode>(
      resources.map((path): [{ path: string }, AccessMode] => [{ path }, wanted ]),
    );
    const credentials = {
      ...agent !== undefined && { agent: { webId: agent }},
      ...client !== undefined && { client: { clientId: client }},
      ...issuer !== undefined && { issuer: { url: issuer }},
    };
    try {
      const permissions = await withQueriedResources(resources, async(): Promise<PermissionMap> =>
        this.permissionReader.handleSafe({ credentials, requestedModes }));
      return new Set([ ...permissions ]
        .filter(([ , permission ]): boolean => (permission as Partial<Record<Mode, boolean>>)[mode] === true)
        .map(([{ path }]): string => path));
    } catch (error: unknown) {
      // Without any ACL up to the root of the server, nobody has access.
      if (ForbiddenHttpError.isInstance(error)) {
        return new Set();
      }
      throw error;
    }
  }
}
