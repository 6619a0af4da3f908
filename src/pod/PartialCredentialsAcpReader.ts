import type {
  AuxiliaryStrategy,
  Credentials,
  IdentifierStrategy,
  PermissionMap,
  PermissionReaderInput,
  PermissionSet,
  ResourceIdentifier,
  ResourceStore,
} from '../css';
import {
  AccessMode,
  ACL,
  AclMode,
  ACP,
  AcpReader,
  getAccessControlledResources,
  IdentifierMap,
  INTERNAL_QUADS,
  NotFoundHttpError,
  readableToQuads,
} from '../css';

type Resource = ReturnType<typeof getAccessControlledResources> extends Iterable<infer T> ? T : never;
type Policy = Resource['accessControlResource']['accessControl'][number]['policy'][number];
type Matcher = Policy['allOf'][number];

const [ PUBLIC_AGENT, AUTHENTICATED_AGENT, PUBLIC_CLIENT ] = [ 'PublicAgent', 'AuthenticatedAgent', 'PublicClient' ]
  .map((name): string => `${ACP.namespace}${name}`);

/** Permissions granted by each ACP access mode. */
const MODES: Readonly<Record<string, readonly string[]>> = {
  [ACL.Read]: [ AccessMode.read ],
  [ACL.Write]: [ AccessMode.append, AccessMode.write ],
  [ACL.Append]: [ AccessMode.append ],
  [ACL.Control]: [ AclMode.control ],
};

/**
 * Reads ACP permissions for agents with incomplete credentials: no issuer, and possibly no client.
 *
 * Callers with an API key and subscribers, known by WebID only, have no issuer. Unknown values never grant access: a
 * policy that denies applies if it would apply for some issuer or client, a policy that allows only if it would apply
 * for all. Other credentials are handled by the server's own ACP reader: agents without a WebID, and callers with an
 * issuer, such as those with an access token.
 *
 * @see https://solidproject.org/TR/acp#algorithm-access
 */
export class PartialCredentialsAcpReader extends AcpReader {
  private readonly strategy: AuxiliaryStrategy;
  private readonly store: ResourceStore;
  private readonly identifiers: IdentifierStrategy;

  public constructor(
    acrStrategy: AuxiliaryStrategy,
    acrStore: ResourceStore,
    identifierStrategy: IdentifierStrategy,
  ) {
    super(acrStrategy, acrStore, identifierStrategy);
    this.strategy = acrStrategy;
    this.store = acrStore;
    this.identifiers = identifierStrategy;
  }

  public override async handle(input: PermissionReaderInput): Promise<PermissionMap> {
    const { credentials, requestedModes } = input;
    if (credentials.agent?.webId === undefined || credentials.issuer?.url !== undefined) {
      return super.handle(input);
    }
    const known = new Map<string, Promise<Resource[]>>();
    const permissions: PermissionMap = new IdentifierMap();
    for (const target of requestedModes.distinctKeys()) {
      permissions.set(target, permissionsOf(await this.policiesOf(target, known), credentials));
    }
    return permissions;
  }

  /** @see https://solidproject.org/TR/acp#effective-policies */
  private async policiesOf(target: ResourceIdentifier, known: Map<string, Promise<Resource[]>>): Promise<Policy[]> {
    const policies: Policy[] = [];
    for (let identifier = target; ; identifier = this.identifiers.getParentContainer(identifier)) {
      let resources = known.get(identifier.path);
      if (!resources) {
        resources = this.read(identifier);
        known.set(identifier.path, resources);
      }
      for (const { iri, accessControlResource } of await resources) {
        const field = iri === target.path ? 'accessControl' : 'memberAccessControl';
        policies.push(...accessControlResource[field].flatMap(({ policy }): Policy[] => policy));
      }
      if (this.identifiers.isRootContainer(identifier)) {
        return policies;
      }
    }
  }

  private async read(identifier: ResourceIdentifier): Promise<Resource[]> {
    try {
      const acr = this.strategy.getAuxiliaryIdentifier(identifier);
      const { data } = await this.store.getRepresentation(acr, { type: { [INTERNAL_QUADS]: 1 }});
      return [ ...getAccessControlledResources(await readableToQuads(data)) ];
    } catch (error: unknown) {
      if (NotFoundHttpError.isInstance(error)) {
        return [];
      }
      throw error;
    }
  }
}

function permissionsOf(policies: readonly Policy[], credentials: Credentials): PermissionSet {
  const modes = new Set(policies.filter((policy): boolean => policyApplies(policy, credentials, false))
    .flatMap(({ allow }): string[] => [ ...allow ]));
  for (const policy of policies.filter((one): boolean => policyApplies(one, credentials, true))) {
    policy.deny.forEach((mode): unknown => modes.delete(mode));
  }
  return Object.fromEntries([ ...modes ].flatMap((mode): [string, true][] =>
    (MODES[mode] ?? []).map((name): [string, true] => [ name, true ])));
}

/** Whether a policy applies, for some (`forSome`) or for all values of the unknown credentials. */
function policyApplies({ allOf, anyOf, noneOf }: Policy, credentials: Credentials, forSome: boolean): boolean {
  const matches = (matcher: Matcher): boolean => matcherApplies(matcher, credentials, forSome);
  return allOf.length + anyOf.length > 0 &&
    allOf.every(matches) &&
    (anyOf.length === 0 || anyOf.some(matches)) &&
    !noneOf.some((matcher): boolean => matcherApplies(matcher, credentials, !forSome));
}

/** Whether a matcher matches, for some (`forSome`) or for all values of the unknown credentials. */
function matcherApplies({ agent, client, issuer, vc }: Matcher, credentials: Credentials, forSome: boolean): boolean {
  const { webId } = credentials.agent!;
  const clientId = credentials.client?.clientId;
  return agent.length + client.length + issuer.length > 0 && vc.length === 0 &&
    (agent.length === 0 || [ webId, PUBLIC_AGENT, AUTHENTICATED_AGENT ].some((one): boolean => agent.includes(one))) &&
    (client.length === 0 || client.includes(PUBLIC_CLIENT) ||
      (clientId === undefined ? forSome : client.includes(clientId))) &&
    (issuer.length === 0 || forSome);
}
