import type { AuxiliaryStrategy, IdentifierStrategy, ResourceSet, ResourceStore } from '@solid/community-server';
import { INTERNAL_QUADS, readableToQuads } from '@solid/community-server';
import { timeSlicer } from '../event/timeSlices';
import { charge, COSTS } from '../access/costs';
import type { AccessScope, AccessScopes } from '../access/ports';
import { containersOf } from '../url/containers';
import { exists } from './exists';

/** A container that exists. */
interface Container {
  /** Whether it has an access control document of its own. */
  readonly isGoverned: boolean;
  /** URLs of other resources that the document is about. */
  readonly named: ReadonlySet<string>;
}

/** What is known of the containers of a pod, and of those above it, while access to the pod stands. */
interface Known {
  readonly epoch: number;
  /** Time of the first lookup, in milliseconds since 1970. */
  readonly since: number;
  /** The containers of the pod's root, from the root of the server on. */
  readonly above: readonly string[];
  readonly containers: Map<string, Container>;
}

/** Maximum number of containers that are remembered, of all pods together. */
const MOST_CONTAINERS = 20_000;
/** Relates the access control resource in a document of ACP to what it controls. */
const ACP_RESOURCE = 'http://www.w3.org/ns/solid/acp#resource';

/**
 * Finds access scopes by looking up containers and access control documents, from the root of the server down.
 *
 * A document that controls access to a resource lies beside the resource, in the same container. So nothing in a
 * container that does not exist has one, and nothing below it is looked up. A resource without such a document, by WAC
 * and by ACP, inherits from the nearest container that has one, and from the containers above that.
 *
 * An ACR may name other resources than its own, which are then scopes of their own.
 *
 * @see https://solidproject.org/TR/wac#effective-acl-resource
 * @see https://solidproject.org/TR/acp#effective-access-controls
 */
export class ServerAccessScopes implements AccessScopes {
  private readonly resources: ResourceSet;
  private readonly store: ResourceStore;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly identifierStrategy: IdentifierStrategy;
  private readonly maxAge: number;
  /** By pod; in the order of their making, so the first is the oldest. */
  private readonly known = new Map<string, Known>();

  /**
   * @param resources - Tells which resources exist, without waiting for their locks.
   * @param store - Holds the access control documents.
   * @param auxiliaryStrategy - Tells which documents control access to a resource.
   * @param identifierStrategy - Tells in which containers a resource lies.
   * @param maxAge - Maximum age of what is remembered, in seconds. Default 60.
   */
  public constructor(
    resources: ResourceSet,
    store: ResourceStore,
    auxiliaryStrategy: AuxiliaryStrategy,
    identifierStrategy: IdentifierStrategy,
    maxAge = 60,
  ) {
    this.resources = resources;
    this.store = store;
    this.auxiliaryStrategy = auxiliaryStrategy;
    this.identifierStrategy = identifierStrategy;
    this.maxAge = maxAge * 1_000;
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
    const { containers: known, above } = this.knownOf(pod, epoch);
    const path = [ ...above, ...containersOf(resource, pod), ...resource.endsWith('/') ? [] : [ resource ] ];
    const named: ReadonlySet<string>[] = [];
    let governing = -1;
    let hasParent = true;
    for (const [ index, url ] of path.slice(0, -1).entries()) {
      const container = missing.has(url) ? undefined : known.get(url) ?? await this.look(url);
      if (!container) {
        missing.add(url);
        hasParent = false;
        break;
      }
      known.set(url, container);
      if (container.isGoverned) {
        governing = index;
        named.push(container.named);
      }
    }
    const isNamed = (url: string): boolean => named.some((urls): boolean => urls.has(url));
    if (isNamed(resource) || (hasParent && (await this.documentsOf(resource)).length > 0)) {
      return own;
    }
    // What is asked about lies in the pod, so that it depends on the groups that the pod depends on.
    const first = path.findIndex((url): boolean => url.length > pod.length);
    const highest = path[Math.max(governing + 1, first)] as string | undefined;
    const asked = highest === undefined || isNamed(highest) ? resource : highest;
    return { name: `${pod} below ${path[governing] ?? 'nothing'}`, resource: asked };
  }

  /** The containers of the root of a pod, from the root of the server on. */
  private above(pod: string): string[] {
    const path: string[] = [];
    for (let at = { path: pod }; !this.identifierStrategy.isRootContainer(at);) {
      at = this.identifierStrategy.getParentContainer(at);
      path.unshift(at.path);
    }
    return path;
  }

  private async look(url: string): Promise<Container | undefined> {
    if (!await this.exists(url)) {
      return undefined;
    }
    const documents = await this.documentsOf(url);
    const named = new Set<string>();
    for (const document of documents) {
      for (const other of await this.namedBy(document)) {
        named.add(other);
      }
    }
    named.delete(url);
    return { isGoverned: documents.length > 0, named };
  }

  /** The access control documents that a resource has. */
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
    return exists(this.resources, url);
  }

  /** URLs of the resources that a document of ACP names; none in a document that cannot be read, or is of WAC. */
  private async namedBy(document: string): Promise<string[]> {
    try {
      const { data } = await this.store.getRepresentation({ path: document }, { type: { [INTERNAL_QUADS]: 1 }});
      const quads = await readableToQuads(data);
      return quads.getQuads(null, ACP_RESOURCE, null, null).map(({ object }): string => object.value);
    } catch {
      // The server's own reader says what is wrong with it.
      return [];
    }
  }

  private knownOf(pod: string, epoch: number): Known {
    const before = this.known.get(pod);
    if (before && before.epoch === epoch && Date.now() - before.since < this.maxAge) {
      return before;
    }
    this.known.delete(pod);
    let size = [ ...this.known.values() ].reduce((sum, { containers }): number => sum + containers.size, 0);
    for (const [ oldest, { containers }] of this.known) {
      if (size < MOST_CONTAINERS) {
        break;
      }
      size -= containers.size;
      this.known.delete(oldest);
    }
    const known = { epoch, since: Date.now(), above: this.above(pod), containers: new Map<string, Container>() };
    this.known.set(pod, known);
    return known;
  }
}
