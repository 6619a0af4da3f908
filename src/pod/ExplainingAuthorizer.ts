import type { AuthorizerInput } from '../css';
import { AccessMode, Authorizer, ForbiddenHttpError, getLoggerFor, UnauthorizedHttpError } from '../css';
import { missingCredential, missingPermission } from '../access/missingAccess';
import type { Locator } from '../access/ports';

/** Access modes of WAC by the modes of the server; the others follow from these. */
const MODES: Readonly<Record<string, string>> = {
  [AccessMode.read]: 'acl:Read',
  [AccessMode.append]: 'acl:Append',
  [AccessMode.write]: 'acl:Write',
  [AccessMode.create]: 'acl:Append',
  [AccessMode.delete]: 'acl:Write',
  control: 'acl:Control',
};
/** Containers with events and copies, relative to their pod. */
const CONTAINERS = /^(?:publish|inbox)(?:\/|$)/u;

/**
 * Adds the missing credential or permission to refusals of the server's authorizer in `{pod}publish/` and
 * `{pod}inbox/`, which have an empty message otherwise.
 */
export class ExplainingAuthorizer extends Authorizer {
  protected readonly logger = getLoggerFor(this);
  private readonly authorizer: Authorizer;
  private readonly locator: Locator;

  /**
   * @param authorizer - The server's authorizer, which decides.
   * @param locator - Finds the pods of resources.
   */
  public constructor(authorizer: Authorizer, locator: Locator) {
    super();
    this.authorizer = authorizer;
    this.locator = locator;
  }

  public override async canHandle(input: AuthorizerInput): Promise<void> {
    await this.authorizer.canHandle(input);
  }

  public override async handle(input: AuthorizerInput): Promise<void> {
    try {
      await this.authorizer.handle(input);
    } catch (error: unknown) {
      throw await this.explained(error, input) ?? error;
    }
  }

  private async explained(error: unknown, input: AuthorizerInput): Promise<Error | undefined> {
    const isPublic = UnauthorizedHttpError.isInstance(error);
    if (!(isPublic || ForbiddenHttpError.isInstance(error)) || error.message !== '') {
      return undefined;
    }
    const refused = refusalOf(input);
    if (!refused || !await this.isServed(refused.path)) {
      return undefined;
    }
    const { path, modes } = refused;
    return isPublic ?
      new UnauthorizedHttpError(missingCredential(modes, path)) :
      new ForbiddenHttpError(missingPermission(modes, path));
  }

  /** Whether a resource is one of those with events and copies. Errors of the store do not hide the refusal. */
  private async isServed(path: string): Promise<boolean> {
    try {
      const pod = await this.locator.locate(path);
      return pod !== undefined && CONTAINERS.test(path.slice(pod.length));
    } catch (error: unknown) {
      this.logger.warn(`Finding the pod of ${path} failed: ${(error as Error).message}`);
      return false;
    }
  }
}

/** The first resource on which modes are missing, with these. */
function refusalOf(
  { requestedModes, availablePermissions }: AuthorizerInput,
): { path: string; modes: string } | undefined {
  for (const [ identifier, requested ] of requestedModes.entrySets()) {
    const available: Readonly<Partial<Record<string, boolean>>> = availablePermissions.get(identifier) ?? {};
    const missing = [ ...requested ].filter((mode): boolean => !available[mode]);
    if (missing.length > 0) {
      return { path: identifier.path, modes: [ ...new Set(missing.map((mode): string => MODES[mode])) ].join(' and ') };
    }
  }
}
