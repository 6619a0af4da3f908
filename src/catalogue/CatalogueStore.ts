import type { TopicPattern } from '../event/TopicPattern';
import type { Openable } from '../store/Openable';
import type { Page, PageRequest } from '../store/Page';

/**
 * Members of a system, without its key.
 */
export interface SystemDraft {
  /** Identifier, unique among the systems of the pod. */
  readonly identifier: string;
  readonly name: string;
  readonly class: string;
  readonly type: string;
  readonly description: string;
  /** Id of the system's client in a foreign system, without effect here; `null` if it has none. */
  readonly client: number | string | null;
}

/** Changed members of a system. Other members keep their values. */
export type SystemChanges = Partial<SystemDraft>;

/**
 * A system that sends events to a pod.
 */
export interface System extends SystemDraft {
  /** Key of the system in the store. */
  readonly id: number;
  /** Time of its creation, in milliseconds since 1970. */
  readonly created: number;
  /** Time of its last change. */
  readonly updated: number;
}

/**
 * Members of a catalogue entry, without its key.
 */
export interface CatalogueEntryDraft {
  /** Key of the sending system. */
  readonly system: number;
  readonly name: string;
  readonly operation: string;
  readonly description: string;
  /** Topic of its events. */
  readonly topic: string;
  /** JSON Schema of its bodies, as JSON text; any body is valid if absent. */
  readonly schema?: string;
}

/** Changed members of a catalogue entry. Other members keep their values; `null` removes the schema. */
export type CatalogueEntryChanges = Partial<Omit<CatalogueEntryDraft, 'schema'>> & { readonly schema?: string | null };

/**
 * A catalogue entry: an event that systems can send to a pod.
 */
export interface CatalogueEntry extends CatalogueEntryDraft {
  /** Key of the entry in the store. */
  readonly id: number;
  /** Identifier used by senders, unique in the pod. */
  readonly identifier: string;
  /** Time of its creation, in milliseconds since 1970. */
  readonly created: number;
  /** Time of its last change. */
  readonly updated: number;
  readonly systemName: string;
  readonly systemIdentifier: string;
}

/** Members by which systems can be sorted. */
export type SystemColumn = 'id' | 'identifier' | 'name' | 'class' | 'type' | 'description' | 'client' | 'updated';

/** Members by which catalogue entries can be sorted. */
export type EntryColumn = 'id' | 'identifier' | 'system' | 'systemName' | 'systemIdentifier' | 'name' | 'operation' |
  'description' | 'topic' | 'updated';

/** Request for a page of a sorted list. Items with equal members are in the order of their creation. */
export interface SortedPageRequest<T> extends PageRequest {
  /** Member that decides the order, regardless of the case of ASCII letters. Default: `id`, the time of creation. */
  readonly sort?: T;
}

/** Filter of the systems of a pod. */
export interface SystemFilter {
  /** Only systems of this class, and those of the class `hybrid`, which includes the others. */
  readonly class?: string;
}

/** Filter of the catalogue entries of a pod. */
export interface EntryFilter {
  /** Only entries of this system. */
  readonly system?: number;
  /** Only entries with this text in their name, regardless of the case of ASCII letters. */
  readonly name?: string;
}

/**
 * Reason for a refused write of the catalogue.
 *
 * - `taken`: another system has the identifier;
 * - `no system`: the system does not exist;
 * - `full`: the pod has the maximum number.
 */
export type CatalogueFault = 'taken' | 'no system' | 'full';

/**
 * Storage of the catalogues of pods. Only {@link RequestLog} returns removed entries.
 */
export interface CatalogueStore extends Openable {
  /** Lists the systems of a pod. */
  listSystems: (pod: string, page: SortedPageRequest<SystemColumn>, filter?: SystemFilter) => Promise<Page<System>>;
  getSystem: (pod: string, id: number) => Promise<System | undefined>;
  /** Adds a system, unless the pod has `max` systems. */
  addSystem: (pod: string, draft: SystemDraft, max: number) => Promise<System | CatalogueFault>;
  /** Changes members of a system in one step. Returns `undefined` if it does not exist. */
  changeSystem: (pod: string, id: number, changes: SystemChanges) => Promise<System | CatalogueFault | undefined>;
  /** Removes a system. Returns whether it existed; `used` if it has entries, which must be removed first. */
  removeSystem: (pod: string, id: number) => Promise<boolean | 'used'>;

  /**
   * Lists the entries of a pod.
   *
   * @param pod - Base URL of the pod.
   * @param topics - Patterns; only entries with a matching topic are returned. Default: all.
   * @param page - The requested page.
   * @param filter - Filter of the entries. Default: all.
   */
  listEntries: (
    pod: string,
    topics: readonly TopicPattern[] | undefined,
    page: SortedPageRequest<EntryColumn>,
    filter?: EntryFilter,
  ) => Promise<Page<CatalogueEntry>>;
  getEntry: (pod: string, id: number) => Promise<CatalogueEntry | undefined>;
  /** Returns the entry with an identifier. */
  findEntry: (pod: string, identifier: string) => Promise<CatalogueEntry | undefined>;
  /** Adds an entry, unless the pod has `max` entries. */
  addEntry: (
    pod: string,
    identifier: string,
    draft: CatalogueEntryDraft,
    max: number,
  ) => Promise<CatalogueEntry | CatalogueFault>;
  /** Changes members of an entry in one step. Its identifier stays. Returns `undefined` if it does not exist. */
  changeEntry: (
    pod: string,
    id: number,
    changes: CatalogueEntryChanges,
  ) => Promise<CatalogueEntry | CatalogueFault | undefined>;
  /** Removes an entry; its events can no longer be sent. Returns whether it existed. */
  removeEntry: (pod: string, id: number) => Promise<boolean>;
}
