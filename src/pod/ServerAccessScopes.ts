import type { AuxiliaryStrategy, IdentifierStrategy, ResourceSet, ResourceStore } from '../css';
import { INTERNAL_QUADS, readableToQuads } from '../css';
import { timeSlicer } from '../event/timeSlices';
import { charge, COSTS } from '../access/costs';
import { EpochCache } from '../access/EpochCache';
import { PERMISSION_AGE } from '../access/permissionAge';
import type { AccessScope, AccessScopes } from '../access/ports';
import { containersOf } from '../url/containers';
import { resourceExists } from './resourceExists';

/** An existing container. */
interface Container {
  /** Whether the container has its own access control document. */
  readonly hasAccessControl: boolean;
  /** URLs of other resources that the document controls. */
  readonly named: ReadonlySet<string>;
}

/** Cached containers of a pod, and of the path above it, valid for one access epoch of the pod. */
interface CachedContainers {
  /** The containers above the pod's root, from the root of the server down. */
  readonly above: readonly string[];
  readonly containers: Map<string, Container>;
}

/** Maximum number of cached containers of all pods. */
const MAX_CONTAINERS = 20_000;
/** The property from an ACP access control resource to the resource that it controls. */
const ACP_RESOURCE = 'http://www.w3.org/ns/solid/acp#resource';

/** Dependencies and limits of {@link ServerAccessScopes}. */
export interface ServerAccessScopesArgs {
  /** Tests the existence of resources without waiting for their locks. */
  resources: ResourceSet;
  /** Resources of the server, including access control documents. */
  store: ResourceStore;
  /** Finds the access control document of a resource. */
  auxiliaryStrategy: AuxiliaryStrategy;
  /** Finds the containers of a resource. */
  identifierStrategy: IdentifierStrategy;
  /** Maximum age of a cached container, in seconds. Default {@link PERMISSION_AGE}. */
  maxAge?: number;
}

/**
 * Finds access scopes by looking up containers and access control documents from the root of the server down.
 *
 * The access control document of a resource lies in the same container as the resource. Resources in a missing
 * container therefore have none, and nothing below is looked up. In WAC and ACP, a resource without a document inherits
 * from the nearest container with one, and from the containers above that.
 *
 * An ACR may name resources other than its own. Each of them is a scope of its own.
 *
 * @see https://solidproject.org/TR/wac#effective-acl-resource
 * @see https://solidproject.org/TR/acp#effective-access-controls
 */
export class ServerAccessScopes implements AccessScopes {
  private readonly resources: ResourceSet;
  private readonly store: ResourceStore;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly identifierStrategy: IdentifierStrategy;
  /** Cached containers by pod. The size of an entry is its number of containers. */
  private readonly known: EpochCache<CachedContainers>;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: ServerAccessScopesArgs) {
    this.resources = args.resources;
    this.store = args.store;
    this.auxiliaryStrategy = args.auxiliaryStrategy;
    this.identifierStrategy = args.identifierStrategy;
    this.known = new EpochCache(args.maxAge ?? PERMISSION_AGE, MAX_CONTAINERS);
  }

  public async scopesOf(
    resources: readonly string[],
    pod: string,
    epoch: number,
  ): Promise<ReadonlyMap<string, AccessScope>> {
    const missing = new Set<string>();
    const scopes = new Map<string, AccessScope>();
    const pause = timeSlicer();
    for (const resource of resources) {
      scopes.set(resource, await this.scopeOf(resource, pod, epoch, missing));
      await pause();
    }
    return scopes;
  }

  private async scopeOf(resource: string, pod: string, epoch: number, missing: Set<string>): Promise<AccessScope> {
    const own = { name: resource, resource };
    if (this.auxiliaryStrategy.isAuxiliaryIdentifier({ path: resource })) {
      return own;
    }
    const entry = this.cacheFor(pod, epoch);
    const { containers: known, above } = entry;
    const before = known.size;
    const path = [ ...above, ...containersOf(resource, pod), ...resource.endsWith('/') ? [] : [ resource ] ];
    const named: ReadonlySet<string>[] = [];
    let governing = -1;
    let hasParent = true;
    for (const [ index, url ] of path.slice(0, -1).entries()) {
      const container = missing.has(url) ? undefined : known.get(url) ?? await this.lookUp(url);
      if (!container) {
        missing.add(url);
        hasParent = false;
        break;
      }
      known.set(url, container);
      if (container.hasAccessControl) {
        governing = index;
        named.push(container.named);
      }
    }
    if (known.size > before && this.known.get(pod, epoch) === entry) {
      this.known.set(pod, epoch, entry, known.size);
    }
    const isNamed = (url: string): boolean => named.some((urls): boolean => urls.has(url));
    if (isNamed(resource) || (hasParent && (await this.documentsOf(resource)).length > 0)) {
      return own;
    }
    // The queried resource lies in the pod, so that group dependencies are recorded for the pod.
    const first = path.findIndex((url): boolean => url.length > pod.length);
    const highest = path[Math.max(governing + 1, first)] as string | undefined;
    const asked = highest === undefined || isNamed(highest) ? resource : highest;
    return { name: `${pod} below ${path[governing] ?? 'nothing'}`, resource: asked };
  }

  /** The containers above the root of a pod, from the root of the server down. */
  private above(pod: string): string[] {
    const path: string[] = [];
    for (let at = { path: pod }; !this.identifierStrategy.isRootContainer(at);) {
      at = this.identifierStrategy.getParentContainer(at);
      path.unshift(at.path);
    }
    return path;
  }

  private async lookUp(url: string): Promise<Container | undefined> {
    if (!await this.exists(url)) {
      return undefined;
    }
    const documents = await this.documentsOf(url);
    const named = new Set<string>();
    for (const document of documents) {
      for (const other of await this.resourcesNamedBy(document)) {
        named.add(other);
      }
    }
    named.delete(url);
    return { hasAccessControl: documents.length > 0, named };
  }

  /** Existing access control documents of a resource. */
  private async documentsOf(resource: string): Promise<string[]> {
    const documents: string[] = [];
    for (const auxiliary of this.auxiliaryStrategy.getAuxiliaryIdentifiers({ path: resource })) {
      if (this.auxiliaryStrategy.usesOwnAuthorization(auxiliary) && await this.exists(auxiliary.path)) {
        documents.push(auxiliary.path);
      }
    }
    return documents;
  }

  private async exists(url: string): Promise<boolean> {
    charge(COSTS.container);
    return resourceExists(this.resources, url);
  }

  /** URLs of the resources that an ACR controls; none for a WAC document or an unreadable one. */
  private async resourcesNamedBy(document: string): Promise<string[]> {
    try {
      const { data } = await this.store.getRepresentation({ path: document }, { type: { [INTERNAL_QUADS]: 1 }});
      const quads = await readableToQuads(data);
      return quads.getQuads(null, ACP_RESOURCE, null, null).map(({ object }): string => object.value);
    } catch {
      // The server's own reader reports the error.
      return [];
    }
  }

  private cacheFor(pod: string, epoch: number): CachedContainers {
    const before = this.known.get(pod, epoch);
    if (before) {
      return before;
    }
    const known = { above: this.above(pod), containers: new Map<string, Container>() };
    this.known.set(pod, epoch, known);
    return known;
  }
}
