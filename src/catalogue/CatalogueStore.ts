import type { TopicPattern } from '../event/TopicPattern';
import type { Openable } from '../store/Openable';
import type { Page, PageRequest } from '../store/Page';

/**
 * A system to be stored.
 */
export interface SystemDraft {
  /** By which it is told apart from the other systems of the pod. */
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
  /** The key of the system in the store. */
  readonly id: number;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
}

/**
 * A catalogue entry to be stored: an event that can be sent to a pod.
 */
export interface CatalogueEntryDraft {
  /** The key of the system that sends it. */
  readonly system: number;
  readonly name: string;
  readonly operation: string;
  readonly description: string;
  /** The topic that it publishes. */
  readonly topic: string;
  /** The JSON Schema that its bodies satisfy, as JSON text; any body will do if absent. */
  readonly schema?: string;
}

/**
 * An event that can be sent to a pod.
 */
export interface CatalogueEntry extends CatalogueEntryDraft {
  /** The key of the entry in the store. */
  readonly id: number;
  /** By which senders name it, unique in the pod. */
  readonly identifier: string;
  /** When it was made, in milliseconds since 1970. */
  readonly created: number;
  readonly systemName: string;
  readonly systemIdentifier: string;
}

/**
 * Why something of the catalogue was not written:
 * its identifier is another one's, its system is not there, or there are as many as there may be.
 */
export type CatalogueFault = 'taken' | 'no system' | 'full';

/**
 * Stores the catalogues of pods durably. Removed entries are found by {@link RequestLog} only.
 */
export interface CatalogueStore extends Openable {
  /** The systems of a pod, in the order of their making. */
  listSystems: (pod: string, page: PageRequest) => Promise<Page<System>>;
  getSystem: (pod: string, id: number) => Promise<System | undefined>;
  /** Adds a system, unless the pod has `most` already. */
  addSystem: (pod: string, draft: SystemDraft, most: number) => Promise<System | CatalogueFault>;
  /** Changes all that is said of a system; `undefined` if there is none. */
  changeSystem: (pod: string, id: number, draft: SystemDraft) => Promise<System | CatalogueFault | undefined>;
  /** Removes a system; `used` if it has entries, which are to be removed first. Returns whether it was there. */
  removeSystem: (pod: string, id: number) => Promise<boolean | 'used'>;

  /**
   * The entries of a pod, in the order of their making.
   *
   * @param pod - The base URL of the pod.
   * @param topics - Patterns; only entries with a matching topic are returned. Default: all.
   * @param page - Which part.
   */
  listEntries: (
    pod: string,
    topics: readonly TopicPattern[] | undefined,
    page: PageRequest,
  ) => Promise<Page<CatalogueEntry>>;
  getEntry: (pod: string, id: number) => Promise<CatalogueEntry | undefined>;
  /** The entry that senders name so. */
  findEntry: (pod: string, identifier: string) => Promise<CatalogueEntry | undefined>;
  /** Adds an entry, unless the pod has `most` already. */
  addEntry: (
    pod: string,
    identifier: string,
    draft: CatalogueEntryDraft,
    most: number,
  ) => Promise<CatalogueEntry | CatalogueFault>;
  /** Changes all that is said of an entry but its identifier; `undefined` if there is none. */
  changeEntry: (
    pod: string,
    id: number,
    draft: CatalogueEntryDraft,
  ) => Promise<CatalogueEntry | CatalogueFault | undefined>;
  /** Removes an entry, so that it can be sent no more. Returns whether it was there. */
  removeEntry: (pod: string, id: number) => Promise<boolean>;
}
