import type { Quad } from '@rdfjs/types';
import type { AuxiliaryStrategy, IdentifierStrategy, ResourceIdentifier, ResourceStore } from '../css';
import { INTERNAL_QUADS, NotFoundHttpError, readableToQuads } from '../css';
import { ACL } from '../event/vocabulary';
import { forEachConcurrently } from '../event/concurrency';
import type { Access, Readers } from '../access/ports';
import type { ServerUrls } from '../url/ServerUrls';
import type { AccessDependencies } from './ports';

/** Dependencies and limits of {@link ReaderClasses}. */
export interface ReaderClassesArgs {
  /** Decides access for one agent. */
  access: Access;
  /** Resources of the server, including access control documents. */
  store: ResourceStore;
  /** Finds the access control document of a resource. */
  auxiliaryStrategy: AuxiliaryStrategy;
  /** Finds the containers of a resource. */
  identifierStrategy: IdentifierStrategy;
  /** Stores dependencies of access on group documents. */
  events: AccessDependencies;
  /** Canonical form of URLs of this server. */
  urls: ServerUrls;
}

/**
 * Filters the agents that may read a resource, with one access query for each class of equivalent agents.
 *
 * WAC and ACP only compare agents by name. Agents that occur in the same places of the resource's effective access
 * control documents therefore get the same decision, and the server's own reader is queried for one of them. The
 * documents are those of the resource and its containers, and groups in pods of this server. If a group document cannot
 * be read here, each agent is queried.
 *
 * @see https://solidproject.org/TR/wac#acl-resource-discovery
 * @see https://solidproject.org/TR/acp#effective-policies
 */
export class ReaderClasses implements Readers {
  private readonly access: Access;
  private readonly store: ResourceStore;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly identifierStrategy: IdentifierStrategy;
  private readonly events: AccessDependencies;
  private readonly urls: ServerUrls;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: ReaderClassesArgs) {
    this.access = args.access;
    this.store = args.store;
    this.auxiliaryStrategy = args.auxiliaryStrategy;
    this.identifierStrategy = args.identifierStrategy;
    this.events = args.events;
    this.urls = args.urls;
  }

  public async readersOf(resource: string, agents: readonly string[]): Promise<ReadonlySet<string>> {
    const classes = agents.length > 1 ? await this.classesOf(resource, agents) : [ agents ];
    const readers = new Set<string>();
    await forEachConcurrently(classes, async(members): Promise<void> => {
      if ((await this.access.allowed({ agent: members[0] }, [ resource ], 'read')).has(resource)) {
        members.forEach((agent): unknown => readers.add(agent));
      }
    });
    return readers;
  }

  /** Partitions agents into classes with the same access decision. */
  private async classesOf(resource: string, agents: readonly string[]): Promise<(readonly string[])[]> {
    const documents = await this.documentsFor({ path: resource });
    if (!documents) {
      return agents.map((agent): string[] => [ agent ]);
    }
    // Occurrences of each agent: document, position and the other two terms of the statement.
    const places = new Map<string, string>(agents.map((agent): [string, string] => [ agent, '' ]));
    for (const [ document, quads ] of documents) {
      for (const quad of quads) {
        for (const position of [ 'subject', 'predicate', 'object' ] as const) {
          const { termType, value } = quad[position];
          const known = places.get(value);
          if (known !== undefined) {
            places.set(value, `${known}${document} ${position} ${termType} ${placeOf(quad, position)}\n`);
          }
        }
      }
    }
    const classes = new Map<string, string[]>();
    for (const agent of agents) {
      const place = places.get(agent)!;
      const members = classes.get(place) ?? [];
      members.push(agent);
      classes.set(place, members);
    }
    return [ ...classes.values() ];
  }

  /** Effective access control documents and groups of a resource; `undefined` if a group cannot be read here. */
  private async documentsFor(resource: ResourceIdentifier): Promise<Map<string, Quad[]> | undefined> {
    const documents = new Map<string, Quad[]>();
    for (let path = resource; ; path = this.identifierStrategy.getParentContainer(path)) {
      for (const auxiliary of this.auxiliaryStrategy.getAuxiliaryIdentifiers(path)) {
        if (this.auxiliaryStrategy.usesOwnAuthorization(auxiliary)) {
          documents.set(auxiliary.path, await this.read(auxiliary) ?? []);
        }
      }
      if (this.identifierStrategy.isRootContainer(path)) {
        break;
      }
    }
    const groups = new Set([ ...documents.values() ].flat()
      .filter(({ predicate }): boolean => predicate.value === `${ACL}agentGroup`)
      .map(({ object }): string => object.value.replace(/#.*$/u, '')));
    for (const url of groups) {
      const path = this.urls.targetOf(url);
      const group = path === undefined ? undefined : await this.readGroup(path, resource);
      if (!group) {
        return undefined;
      }
      documents.set(`group ${url}`, group);
    }
    return documents;
  }

  private async readGroup(path: string, resource: ResourceIdentifier): Promise<Quad[] | undefined> {
    // Recorded before the document is read, so that no later change is missed.
    await this.events.noteDependency(path, resource.path);
    try {
      return await this.read({ path });
    } catch {
      // The server's own reader decides how to treat an unreadable group.
      return undefined;
    }
  }

  private async read(document: ResourceIdentifier): Promise<Quad[] | undefined> {
    try {
      const { data } = await this.store.getRepresentation(document, { type: { [INTERNAL_QUADS]: 1 }});
      return (await readableToQuads(data)).getQuads(null, null, null, null);
    } catch (error: unknown) {
      if (NotFoundHttpError.isInstance(error)) {
        return undefined;
      }
      throw error;
    }
  }
}

/** Text of the two terms of a statement other than the term at a position. */
function placeOf(quad: Quad, position: 'subject' | 'predicate' | 'object'): string {
  return [ 'subject', 'predicate', 'object' ].filter((other): boolean => other !== position)
    .map((other): string => {
      const { termType, value } = quad[other as typeof position];
      return `${termType} ${value}`;
    }).join(' ');
}
