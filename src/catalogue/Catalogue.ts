import { InvalidInput } from '../event/InvalidInput';
import type { Caller } from '../identity/Caller';
import { Conflict } from '../event/Conflict';
import { NotAuthorized } from '../event/NotAuthorized';
import type { Access } from '../access/ports';
import { coversTopic } from '../access/topicAccess';
import type { PublishRate } from '../access/PublishRate';
import { TooMany } from '../event/TooMany';
import type {
  CatalogueEntry, CatalogueEntryDraft, CatalogueFault, CatalogueStore, System, SystemDraft,
} from './CatalogueStore';
import type { Page, PageRequest } from '../store/Page';
import type { SchemaFault } from './BodySchemas';
import { mintIdentifier } from './catalogueDraft';
import type { Schemas } from './checkSchema';

/** When it may work again where there are as many as there may be, in seconds. */
const FULL_RETRY = 3_600;
/** Checks up to this duration do not count against the rate, in milliseconds. */
const FREE_CHECK = 10;

/** The resource that decides access to the event catalogue of a pod. */
export function eventsPath(pod: string): string {
  return `${pod}event`;
}

/** The path of a pod's systems, in the same way. */
export function systemsPath(pod: string): string {
  return `${pod}system`;
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
   * @param store - Where catalogues are kept.
   * @param access - Decides access.
   * @param schemas - Checks bodies.
   * @param rate - Bounds for how long an agent can have schemas and bodies checked, as it bounds how much is published.
   * @param maxSystems - The most systems of a pod. Default 1,000.
   * @param maxEntries - The most events of a pod's catalogue. Default 10,000.
   */
  public constructor(
    store: CatalogueStore,
    access: Access,
    schemas: Schemas,
    rate: PublishRate,
    maxSystems = 1_000,
    maxEntries = 10_000,
  ) {
    this.store = store;
    this.access = access;
    this.schemas = schemas;
    this.rate = rate;
    this.maxSystems = maxSystems;
    this.maxEntries = maxEntries;
  }

  /**
   * The systems of a pod.
   *
   * @throws {@link NotAuthorized} if the caller may not see them.
   */
  public async listSystems(pod: string, caller: Caller, page: PageRequest): Promise<Page<System>> {
    await this.assertMay(caller, systemsPath(pod), 'read');
    return this.store.listSystems(pod, page);
  }

  /**
   * One system of a pod, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if the caller may not see it.
   */
  public async getSystem(pod: string, caller: Caller, id: number): Promise<System | undefined> {
    await this.assertMay(caller, systemsPath(pod), 'read');
    return this.store.getSystem(pod, id);
  }

  /**
   * Adds a system to a pod.
   *
   * @throws {@link NotAuthorized} if the caller may not.
   * @throws {@link Conflict} if another system of the pod has the identifier.
   * @throws {@link TooMany} if the pod has as many as it may have.
   */
  public async addSystem(pod: string, caller: Caller, draft: SystemDraft): Promise<System> {
    await this.assertMayChangeSystems(pod, caller);
    return this.written(await this.store.addSystem(pod, draft, this.maxSystems), pod);
  }

  /**
   * Changes all that is said of a system.
   *
   * @returns The system, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if the caller may not.
   * @throws {@link Conflict} if another system of the pod has the identifier.
   */
  public async changeSystem(pod: string, caller: Caller, id: number, draft: SystemDraft): Promise<System | undefined> {
    await this.assertMayChangeSystems(pod, caller);
    const changed = await this.store.changeSystem(pod, id, draft);
    return changed && this.written(changed, pod);
  }

  /**
   * Removes a system.
   *
   * @returns Whether it was there; `used` if it has events, which are to be removed first.
   *
   * @throws {@link NotAuthorized} if the caller may not.
   */
  public async removeSystem(pod: string, caller: Caller, id: number): Promise<boolean | 'used'> {
    await this.assertMayChangeSystems(pod, caller);
    return this.store.removeSystem(pod, id);
  }

  /**
   * The events that can be sent to a pod, those of the caller's topics if its key is for some only.
   *
   * @throws {@link NotAuthorized} if the caller may not see them.
   */
  public async listEntries(pod: string, caller: Caller, page: PageRequest): Promise<Page<CatalogueEntry>> {
    await this.assertMay(caller, eventsPath(pod), 'read');
    return this.store.listEntries(pod, caller.limits?.topics, page);
  }

  /**
   * One event that can be sent to a pod, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if the caller may not see it.
   */
  public async getEntry(pod: string, caller: Caller, id: number): Promise<CatalogueEntry | undefined> {
    return this.getIf(pod, caller, id, 'read');
  }

  /**
   * Adds an event that can be sent to a pod, with a new identifier.
   *
   * @throws {@link NotAuthorized} if the caller may not, or its key is for other topics.
   * @throws {@link InvalidInput} if there is no such system, or the schema cannot be used.
   * @throws {@link TooMany} if the pod has as many as it may have.
   */
  public async addEntry(pod: string, caller: Caller, draft: CatalogueEntryDraft): Promise<CatalogueEntry> {
    await this.assertMay(caller, eventsPath(pod), 'write');
    await this.assertUsable(pod, caller, draft);
    return this.written(await this.store.addEntry(pod, mintIdentifier(draft.name), draft, this.maxEntries), pod);
  }

  /**
   * Changes all that is said of an event that can be sent, but its identifier.
   *
   * @returns The event, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if the caller may not, or its key is for other topics.
   * @throws {@link InvalidInput} if there is no such system, or the schema cannot be used.
   */
  public async changeEntry(
    pod: string,
    caller: Caller,
    id: number,
    draft: CatalogueEntryDraft,
  ): Promise<CatalogueEntry | undefined> {
    if (!await this.getIf(pod, caller, id, 'write')) {
      return undefined;
    }
    await this.assertUsable(pod, caller, draft);
    const changed = await this.store.changeEntry(pod, id, draft);
    return changed && this.written(changed, pod);
  }

  /**
   * Removes an event, so that it can be sent no more.
   *
   * @returns Whether it was there.
   *
   * @throws {@link NotAuthorized} if the caller may not.
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
   * Where a body, as JSON text, breaks the schema of its event; `undefined` if it does not, or there is none.
   *
   * @throws {@link InvalidInput} if that takes too long to find out.
   * @throws {@link TooMany} if checks took too long too often, or the caller exceeds its rate.
   */
  public async faultOf(
    { schema }: CatalogueEntry,
    pod: string,
    caller: Caller,
    body: string,
  ): Promise<SchemaFault | undefined> {
    return schema === undefined ? undefined : this.check(pod, caller, schema, body);
  }

  private async assertUsable(pod: string, caller: Caller, { topic, schema }: CatalogueEntryDraft): Promise<void> {
    if (!coversTopic(caller, topic)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${topic}`);
    }
    if (schema !== undefined) {
      await this.check(pod, caller, schema);
    }
  }

  /** Checks a schema, and a body by it. Counts the time: a millisecond as much as an event that is published. */
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
   * Checks before the body of a request is read that its caller may change the systems or the events of a pod.
   *
   * @throws {@link NotAuthorized} if the caller may not.
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

  private written<T extends object>(result: T | CatalogueFault, pod: string): T {
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
