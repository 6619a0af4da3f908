import type { IdentifierStrategy, PermissionMap, PermissionReader } from '@solid/community-server';
import { AccessMode, ForbiddenHttpError, IdentifierSetMultiMap } from '@solid/community-server';
import type { Caller } from '../identity/Caller';
import type { Access, Mode } from '../access/ports';
import { askAbout } from './askedResources';

/**
 * Answers who may do what by asking the server's own permission reader, be it WAC or ACP.
 *
 * @see https://solidproject.org/TR/wac
 * @see https://solidproject.org/TR/acp
 */
export class PermissionAccess implements Access {
  /**
   * @param permissionReader - The reader of the server.
   * @param identifierStrategy - Tells which URLs are of this server. A question about another URL has no answer, which
   * is an error and not a refusal: the reader itself would say that nobody may do anything. Default: all URLs are.
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
      throw new Error(`Access to ${elsewhere} cannot be told: it is not on this server`);
    }
    // Control is no mode of a request; readers tell it along with any other.
    const wanted = mode === 'control' ? AccessMode.read : AccessMode[mode];
    // The reader caches by these objects, so they are new for each question.
    const requestedModes = new IdentifierSetMultiMap<AccessMode>(
      resources.map((path): [{ path: string }, AccessMode] => [{ path }, wanted ]),
    );
    const credentials = {
      ...agent !== undefined && { agent: { webId: agent }},
      ...client !== undefined && { client: { clientId: client }},
      ...issuer !== undefined && { issuer: { url: issuer }},
    };
    try {
      const permissions = await askAbout(resources, async(): Promise<PermissionMap> =>
        this.permissionReader.handleSafe({ credentials, requestedModes }));
      return new Set([ ...permissions ]
        .filter(([ , permission ]): boolean => (permission as Partial<Record<Mode, boolean>>)[mode] === true)
        .map(([{ path }]): string => path));
    } catch (error: unknown) {
      // There is no ACL up to the root of the server: nobody may do anything.
      if (ForbiddenHttpError.isInstance(error)) {
        return new Set();
      }
      throw error;
    }
  }
}
