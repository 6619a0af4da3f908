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
}

/**
 * A system that sends events to a pod.
 */
export interface System extends SystemDraft {
  /** Key of the system in the store. */
  readonly id: number;
  /** Time of its creation, in milliseconds since 1970. */
  readonly created: number;
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
  readonly systemName: string;
  readonly systemIdentifier: string;
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
  /** Lists the systems of a pod, in the order of their creation. */
  listSystems: (pod: string, page: PageRequest) => Promise<Page<System>>;
  getSystem: (pod: string, id: number) => Promise<System | undefined>;
  /** Adds a system, unless the pod has `max` systems. */
  addSystem: (pod: string, draft: SystemDraft, max: number) => Promise<System | CatalogueFault>;
  /** Replaces all members of a system. Returns `undefined` if it does not exist. */
  changeSystem: (pod: string, id: number, draft: SystemDraft) => Promise<System | CatalogueFault | undefined>;
  /** Removes a system. Returns whether it existed; `used` if it has entries, which must be removed first. */
  removeSystem: (pod: string, id: number) => Promise<boolean | 'used'>;

  /**
   * Lists the entries of a pod, in the order of their creation.
   *
   * @param pod - Base URL of the pod.
   * @param topics - Patterns; only entries with a matching topic are returned. Default: all.
   * @param page - The requested page.
   */
  listEntries: (
    pod: string,
    topics: readonly TopicPattern[] | undefined,
    page: PageRequest,
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
  /** Replaces all members of an entry except its identifier. Returns `undefined` if it does not exist. */
  changeEntry: (
    pod: string,
    id: number,
    draft: CatalogueEntryDraft,
  ) => Promise<CatalogueEntry | CatalogueFault | undefined>;
  /** Removes an entry; its events can no longer be sent. Returns whether it existed. */
  removeEntry: (pod: string, id: number) => Promise<boolean>;
}
