import { InvalidInput } from '../event/InvalidInput';
import type { Caller } from '../identity/Caller';
import { Conflict } from '../event/Conflict';
import { NotAuthorized } from '../event/NotAuthorized';
import type { Access } from '../access/ports';
import { coversTopic } from '../access/topicAccess';
import type { PublishRate } from '../access/PublishRate';
import { TooMany } from '../event/TooMany';
import type {
  CatalogueEntry,
  CatalogueEntryChanges,
  CatalogueFault,
  CatalogueStore,
  EntryColumn,
  EntryFilter,
  SortedPageRequest,
  System,
  SystemChanges,
  SystemColumn,
  SystemDraft,
  SystemFilter,
} from './CatalogueStore';
import type { Page } from '../store/Page';
import type { SchemaFault } from './BodySchemas';
import type { NewEntry } from './catalogueDraft';
import { mintIdentifier, topicOf } from './catalogueDraft';
import type { Schemas } from './checkSchema';

/** Delay of a retry on a full catalogue, in seconds. */
const FULL_RETRY = 3_600;
/** Maximum number of entries in the list of one system. */
export const MAX_SYSTEM_ENTRIES = 1_000;
/** Maximum duration of a check that does not count against the rate, in milliseconds. */
const FREE_CHECK = 10;

/** The resource that decides access to the event catalogue of a pod. */
export function eventsPath(pod: string): string {
  return `${pod}event`;
}

/** The resource that decides access to the systems of a pod. */
export function systemsPath(pod: string): string {
  return `${pod}system`;
}

/** Dependencies and limits of {@link Catalogue}. */
export interface CatalogueArgs {
  /** Storage of catalogues. */
  store: CatalogueStore;
  /** Access decisions. */
  access: Access;
  /** Checks bodies. */
  schemas: Schemas;
  /** Limits the time of checks of each agent, together with its published events. */
  rate: PublishRate;
  /** Maximum number of systems of a pod. Default 1,000. */
  maxSystems?: number;
  /** Maximum number of entries of a pod. Default 10,000. */
  maxEntries?: number;
}

/**
 * The event catalogue of a pod: the systems that send events to it, and the events that they can send.
 *
 * Reading requires `acl:Read` on `{pod}event` or `{pod}system`, changing requires `acl:Write`. A credential that is
 * limited to topics gives access to their events only; it can read all systems, and change none.
 */
export class Catalogue {
  private readonly store: CatalogueStore;
  private readonly access: Access;
  private readonly schemas: Schemas;
  private readonly rate: PublishRate;
  private readonly maxSystems: number;
  private readonly maxEntries: number;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: CatalogueArgs) {
    this.store = args.store;
    this.access = args.access;
    this.schemas = args.schemas;
    this.rate = args.rate;
    this.maxSystems = args.maxSystems ?? 1_000;
    this.maxEntries = args.maxEntries ?? 10_000;
  }

  /**
   * Lists the systems of a pod.
   *
   * @throws {@link NotAuthorized} if the caller has no read access.
   */
  public async listSystems(
    pod: string,
    caller: Caller,
    page: SortedPageRequest<SystemColumn>,
    filter: SystemFilter = {},
  ): Promise<Page<System>> {
    await this.assertMay(caller, systemsPath(pod), 'read');
    return this.store.listSystems(pod, page, filter);
  }

  /**
   * Returns one system of a pod, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no read access.
   */
  public async getSystem(pod: string, caller: Caller, id: number): Promise<System | undefined> {
    await this.assertMay(caller, systemsPath(pod), 'read');
    return this.store.getSystem(pod, id);
  }

  /**
   * Adds a system to a pod.
   *
   * @throws {@link NotAuthorized} if the caller has no write access.
   * @throws {@link Conflict} if another system of the pod has the identifier.
   * @throws {@link TooMany} if the pod has the maximum number.
   */
  public async addSystem(pod: string, caller: Caller, draft: SystemDraft): Promise<System> {
    await this.assertMayChangeSystems(pod, caller);
    return this.written(await this.store.addSystem(pod, draft, this.maxSystems), pod);
  }

  /**
   * Changes members of a system.
   *
   * @returns The system, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no write access.
   * @throws {@link Conflict} if another system of the pod has the identifier.
   */
  public async changeSystem(
    pod: string,
    caller: Caller,
    id: number,
    changes: SystemChanges,
  ): Promise<System | undefined> {
    await this.assertMayChangeSystems(pod, caller);
    const changed = await this.store.changeSystem(pod, id, changes);
    return changed && this.written(changed, pod);
  }

  /**
   * Removes a system.
   *
   * @returns Whether it existed; `used` if it has entries, which must be removed first.
   *
   * @throws {@link NotAuthorized} if the caller has no write access.
   */
  public async removeSystem(pod: string, caller: Caller, id: number): Promise<boolean | 'used'> {
    await this.assertMayChangeSystems(pod, caller);
    return this.store.removeSystem(pod, id);
  }

  /**
   * Lists the catalogue entries of a pod; for a credential limited to topics, only entries of its topics.
   *
   * @throws {@link NotAuthorized} if the caller has no read access.
   */
  public async listEntries(
    pod: string,
    caller: Caller,
    page: SortedPageRequest<EntryColumn>,
    filter: EntryFilter = {},
  ): Promise<Page<CatalogueEntry>> {
    await this.assertMay(caller, eventsPath(pod), 'read');
    return this.store.listEntries(pod, caller.limits?.topics, page, filter);
  }

  /**
   * Returns the first {@link MAX_SYSTEM_ENTRIES} entries of a system, or `undefined` if the system does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no read access to the entries and the systems.
   */
  public async entriesOf(pod: string, caller: Caller, system: number): Promise<readonly CatalogueEntry[] | undefined> {
    if (!await this.getSystem(pod, caller, system)) {
      return undefined;
    }
    const page = { index: 0, size: MAX_SYSTEM_ENTRIES, isDescending: false };
    return (await this.listEntries(pod, caller, page, { system })).items;
  }

  /**
   * Returns one catalogue entry, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no read access.
   */
  public async getEntry(pod: string, caller: Caller, id: number): Promise<CatalogueEntry | undefined> {
    return this.getIf(pod, caller, id, 'read');
  }

  /**
   * Adds a catalogue entry to a pod, with a new identifier. Its default topic follows from its system, name and
   * operation.
   *
   * @throws {@link NotAuthorized} if the caller has no write access, or its credential is limited to other topics.
   * @throws {@link InvalidInput} if its system does not exist, or its schema is not supported.
   * @throws {@link TooMany} if the pod has the maximum number.
   */
  public async addEntry(pod: string, caller: Caller, { stem, ...entry }: NewEntry): Promise<CatalogueEntry> {
    await this.assertMay(caller, eventsPath(pod), 'write');
    const draft = { ...entry, topic: entry.topic ?? await this.defaultTopic(pod, entry) };
    await this.assertUsable(pod, caller, draft);
    return this.written(await this.store.addEntry(pod, mintIdentifier(draft.name, stem), draft, this.maxEntries), pod);
  }

  /**
   * Changes members of a catalogue entry. Its identifier stays.
   *
   * @returns The entry, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no write access, or its credential is limited to other topics.
   * @throws {@link InvalidInput} if its system does not exist, or its schema is not supported.
   */
  public async changeEntry(
    pod: string,
    caller: Caller,
    id: number,
    changes: CatalogueEntryChanges,
  ): Promise<CatalogueEntry | undefined> {
    if (!await this.getIf(pod, caller, id, 'write')) {
      return undefined;
    }
    await this.assertUsable(pod, caller, changes);
    const changed = await this.store.changeEntry(pod, id, changes);
    return changed && this.written(changed, pod);
  }

  /**
   * Removes a catalogue entry; its events can no longer be sent.
   *
   * @returns Whether it existed.
   *
   * @throws {@link NotAuthorized} if the caller has no write access.
   */
  public async removeEntry(pod: string, caller: Caller, id: number): Promise<boolean> {
    return await this.getIf(pod, caller, id, 'write') !== undefined && this.store.removeEntry(pod, id);
  }

  /**
   * Returns the entry with an identifier, for a request that sends its event. `Publisher` checks access to its topic.
   *
   * @throws {@link NotAuthorized} if the caller's credential does not cover the topic. The message does not tell it.
   */
  public async entryToSend(pod: string, caller: Caller, identifier: string): Promise<CatalogueEntry | undefined> {
    const entry = await this.store.findEntry(pod, identifier);
    if (entry && !coversTopic(caller, entry.topic)) {
      throw new NotAuthorized(`Not authorized to send this event to ${pod}`);
    }
    return entry;
  }

  /**
   * Returns the first violation of an entry's schema by a body (JSON text); `undefined` if the body is valid or the
   * entry has no schema.
   *
   * @throws {@link InvalidInput} if the check exceeds its time.
   * @throws {@link TooMany} if the caller exceeds its rate, to which slow checks count.
   */
  public async faultOf(
    { schema }: CatalogueEntry,
    pod: string,
    caller: Caller,
    body: string,
  ): Promise<SchemaFault | undefined> {
    return schema === undefined ? undefined : this.check(pod, caller, schema, body);
  }

  private async defaultTopic(pod: string, { system, ...entry }: NewEntry): Promise<string> {
    const sender = await this.store.getSystem(pod, system);
    return sender ? topicOf(sender, entry) : this.written('no system', pod);
  }

  private async assertUsable(pod: string, caller: Caller, { topic, schema }: CatalogueEntryChanges): Promise<void> {
    if (topic !== undefined && !coversTopic(caller, topic)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${topic}`);
    }
    if (schema !== undefined && schema !== null) {
      await this.check(pod, caller, schema);
    }
  }

  /** Checks a schema, and a body by it. A millisecond of a slow check counts as one published event. */
  private async check(pod: string, { agent }: Caller, schema: string, body?: string): Promise<SchemaFault | undefined> {
    await this.rate.check(agent, pod, 1);
    const { fault, invalid, spent } = await this.schemas.check(schema, body);
    if (spent > FREE_CHECK) {
      await this.rate.count(agent, pod, Math.round(spent));
    }
    if (invalid !== undefined) {
      throw new InvalidInput(invalid);
    }
    return fault;
  }

  private async getIf(pod: string, caller: Caller, id: number, mode: 'read' | 'write'): Promise<CatalogueEntry | undefined> {
    await this.assertMay(caller, eventsPath(pod), mode);
    const entry = await this.store.getEntry(pod, id);
    // The entry is treated as absent, as in lists for this credential.
    return entry && coversTopic(caller, entry.topic) ? entry : undefined;
  }

  /**
   * Checks that a caller may change the systems or entries of a pod, before the body of its request is read.
   *
   * @throws {@link NotAuthorized} if the caller has no write access.
   */
  public async assertMayChange(pod: string, caller: Caller, kind: 'event' | 'system'): Promise<void> {
    await (kind === 'system' ?
      this.assertMayChangeSystems(pod, caller) :
      this.assertMay(caller, eventsPath(pod), 'write'));
  }

  private async assertMayChangeSystems(pod: string, caller: Caller): Promise<void> {
    if (caller.limits?.topics) {
      throw new NotAuthorized(`This API key is limited to some topics, and the systems of ${pod} are of all`);
    }
    await this.assertMay(caller, systemsPath(pod), 'write');
  }

  private async assertMay(caller: Caller, resource: string, mode: 'read' | 'write'): Promise<void> {
    if (!(await this.access.allowed(caller, [ resource ], mode)).has(resource)) {
      throw new NotAuthorized(`Not authorized to ${mode === 'read' ? 'see' : 'change'} what is at ${resource}`);
    }
  }

  private written<T>(result: T | CatalogueFault, pod: string): T {
    switch (result) {
      case 'taken':
        throw new Conflict('Another one of this pod has this identifier: give it another one');
      case 'no system':
        throw new InvalidInput('Invalid body; system_id names no system of this pod');
      case 'full':
        throw new TooMany(`${pod} has as many of these as it may have: remove one that is not needed first`, FULL_RETRY);
      default:
        return result;
    }
  }
}
