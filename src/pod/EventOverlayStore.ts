import type {
  AuxiliaryStrategy,
  ChangeMap,
  Conditions,
  Patch,
  Representation,
  RepresentationPreferences,
  ResourceIdentifier,
  ResourceStore,
} from '../css';
import {
  AS,
  BasicRepresentation,
  cleanPreferences,
  ConflictHttpError,
  createErrorMessage,
  getLoggerFor,
  guardStream,
  IdentifierMap,
  INTERNAL_QUADS,
  isContainerIdentifier,
  MethodNotAllowedHttpError,
  NotFoundHttpError,
  NotImplementedHttpError,
  parseContentType,
  PassthroughStore,
  PreconditionFailedHttpError,
  RepresentationMetadata,
  SOLID_AS,
} from '../css';
import { DataFactory } from 'n3';
import { CLOUD_EVENT_TYPE, toCloudEvent } from '../event/cloudEvent';
import type { Event } from '../event/Event';
import { eventDocument, isId, publishContainer } from '../event/Event';
import { isJsonType, JSON_LD } from '../event/mediaTypes';
import type { EventText } from '../event/documentReading';
import { costOf, isServedAsStored, READ_STORED, textOf } from '../event/eventTasks';
import { agentWebId } from '../identity/ServerAgent';
import { podInbox } from '../publish/recipients';
import type { PodLifecycle } from './PodLifecycle';
import type { Work } from '../work/Work';
import { conversionError, CONVERSION_LIMITS } from './PooledJsonLdConverter';
import { eventRepresentation, prefersCloudEvent } from './eventRepresentation';
import { limitedContainer, limitedEntries } from './limitedContainer';
import type { PodListeners } from './PodListeners';
import { eventMetadata, setModified } from './eventMetadata';
import type { ListingFormat } from './listingFormats';
import { HTML_TEXT, QUADS, TEXT_FORMATS } from './listingFormats';
import { ListingStream } from './ListingStream';
import { namedFirst } from '../http/namedTypes';
import { withHttpErrors } from './storeHttpError';
import type { OverlayStore } from './ports';
import { currentTopicView, endTopicView } from './topicView';

/** Maximum time, in milliseconds, to wait for the event store before a change of access control. */
const LOCK_TIMEOUT = 1_000;

/** Minimum number of entries of a listing that bypasses the server's own HTML page, which is rendered at once. */
const LONG_LISTING = 300;
const HTML = 'text/html';
/** URL of a direct member of the inbox of a pod. */
const INBOX_MEMBER = /^(.*\/)inbox\/([^/]+)$/u;

/** Dependencies of {@link EventOverlayStore}. */
export interface EventOverlayStoreArgs {
  /** Storage of events and copies. */
  events: OverlayStore;
  /** All auxiliary resources. */
  auxiliaryStrategy: AuxiliaryStrategy;
  /** Description resources. */
  metadataStrategy: AuxiliaryStrategy;
  /** Closes and opens containers, and ends the data of deleted pods. */
  lifecycle: PodLifecycle;
  /** Verify the identity of the pod of an entry; notified of deleted pods and containers. */
  listeners: PodListeners;
  /** Pool of worker threads. */
  work: Work;
  /** Base URL of the server, which has the WebID of the server's own agent. */
  baseUrl: string;
}

/**
 * A resource store that adds events and copies to the resources of any backend.
 *
 * An entry of the event store is an ordinary resource of its container: the server's own code reads, converts, lists
 * and deletes it. All other resources, and all access control documents, stay in the backend.
 *
 * @see https://solidproject.org/TR/protocol#reading-writing-resources
 */
export class EventOverlayStore extends PassthroughStore {
  protected readonly logger = getLoggerFor(this);
  private readonly events: OverlayStore;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly metadataStrategy: AuxiliaryStrategy;
  private readonly lifecycle: PodLifecycle;
  private readonly listeners: PodListeners;
  private readonly work: Work;
  /** WebID of the server's own agent. */
  private readonly agent: string;

  /**
   * @param source - The backend.
   * @param args - Its dependencies.
   */
  public constructor(source: ResourceStore, args: EventOverlayStoreArgs) {
    super(source);
    this.events = withHttpErrors(args.events);
    this.auxiliaryStrategy = args.auxiliaryStrategy;
    this.metadataStrategy = args.metadataStrategy;
    this.lifecycle = withHttpErrors(args.lifecycle);
    this.listeners = args.listeners;
    this.work = args.work;
    this.agent = agentWebId(args.baseUrl);
  }

  public override async hasResource(identifier: ResourceIdentifier): Promise<boolean> {
    if (await this.isHidden(identifier)) {
      return false;
    }
    return await this.find(this.subjectOf(identifier)) !== undefined || super.hasResource(identifier);
  }

  public override async getRepresentation(
    identifier: ResourceIdentifier,
    preferences: RepresentationPreferences,
    conditions?: Conditions,
  ): Promise<Representation> {
    if (await this.isHidden(identifier)) {
      throw new NotFoundHttpError();
    }
    if (isContainerIdentifier(identifier)) {
      const representation = await super.getRepresentation(identifier, preferences, conditions);
      return this.withEntries(identifier, representation, preferences);
    }
    const event = await this.find(this.subjectOf(identifier));
    if (!event) {
      return super.getRepresentation(identifier, preferences, conditions);
    }
    const subject = this.subjectOf(identifier);
    const metadata = eventMetadata(subject, event);
    if (subject.path !== identifier.path) {
      return new BasicRepresentation(metadata.quads(), identifier, INTERNAL_QUADS);
    }
    await this.auxiliaryStrategy.addMetadata(metadata);
    if (prefersCloudEvent(preferences)) {
      metadata.contentTypeObject = parseContentType(CLOUD_EVENT_TYPE);
      return new BasicRepresentation(toCloudEvent(event, this.agent), metadata);
    }
    return eventRepresentation(await this.readStored(event), metadata, preferences, this.work);
  }

  public override async addResource(
    container: ResourceIdentifier,
    representation: Representation,
    conditions?: Conditions,
  ): Promise<ChangeMap> {
    await this.assertWritable(container, 'POST');
    // The backend may remove the type from the metadata.
    const { contentType } = representation.metadata;
    return this.changed(await super.addResource(container, representation, conditions), contentType);
  }

  public override async setRepresentation(
    identifier: ResourceIdentifier,
    representation: Representation,
    conditions?: Conditions,
  ): Promise<ChangeMap> {
    const subject = this.subjectOf(identifier);
    await this.assertWritable(identifier, 'PUT');
    await this.assertEpochWritable(identifier);
    const event = await this.find(subject);
    const { contentType } = representation.metadata;
    if (!event) {
      return this.changed(await super.setRepresentation(identifier, representation, conditions), contentType);
    }
    this.assertConditions(subject, event, conditions);
    if (subject.path !== identifier.path) {
      await this.materialise(subject, event);
      return this.changed(await super.setRepresentation(identifier, representation));
    }
    // The entry hides the backend's resource until it is removed, so the resource is written first.
    const changes = await super.setRepresentation(identifier, representation);
    await this.events.removeEntry(...this.entryKeyOf(subject)!);
    const updates = new IdentifierMap([ ...changes ]
      .filter(([ changed ]): boolean => changed.path === identifier.path)
      .map(([ changed ]): [ResourceIdentifier, RepresentationMetadata] => [ changed, activity(changed, AS.Update) ]));
    return this.changed(updates, contentType);
  }

  public override async modifyResource(
    identifier: ResourceIdentifier,
    patch: Patch,
    conditions?: Conditions,
  ): Promise<ChangeMap> {
    await this.assertWritable(identifier, 'PATCH');
    await this.assertEpochWritable(identifier);
    const event = await this.find(this.subjectOf(identifier));
    if (!event) {
      return this.changed(await super.modifyResource(identifier, patch, conditions));
    }
    this.assertConditions(this.subjectOf(identifier), event, conditions);
    // The layer above then reads, patches and writes the representation.
    throw new NotImplementedHttpError('Events and copies cannot be patched in place.');
  }

  public override async deleteResource(identifier: ResourceIdentifier, conditions?: Conditions): Promise<ChangeMap> {
    if (await this.isHidden(identifier)) {
      throw new NotFoundHttpError();
    }
    endTopicView();
    if (isContainerIdentifier(identifier)) {
      return this.deleteContainer(identifier, conditions);
    }
    await this.assertEpochWritable(identifier);
    const isAccessControl = this.isAccessControl(identifier);
    const subject = isAccessControl ? this.auxiliaryStrategy.getSubjectIdentifier(identifier) : identifier;
    const event = await this.find(subject);
    if (!event) {
      return this.changed(await super.deleteResource(identifier, conditions));
    }
    // The backend deletes an access control document only with a resource of its own.
    if (isAccessControl || await this.hasAccessControl(identifier)) {
      await this.materialise(subject, event);
      return this.changed(await super.deleteResource(identifier, conditions));
    }
    this.assertConditions(identifier, event, conditions);
    const [ container, id ] = this.entryKeyOf(identifier)!;
    if (!await this.events.removeEntry(container, id)) {
      throw new NotFoundHttpError();
    }
    return new IdentifierMap([
      [ identifier, activity(identifier, AS.Delete) ],
      [{ path: container }, activity({ path: container }, AS.Remove, identifier) ],
    ]);
  }

  /**
   * Deletes an empty container.
   *
   * The container is closed to copies before its deletion, until it is created again.
   *
   * @throws ConflictHttpError if it has entries.
   */
  private async deleteContainer(container: ResourceIdentifier, conditions?: Conditions): Promise<ChangeMap> {
    const wasClosed = await this.lifecycle.isClosed(container.path);
    const closing = await this.lifecycle.closeContainer(container.path);
    if (closing === 'occupied') {
      throw new ConflictHttpError('Can only delete empty containers.');
    }
    let changes: ChangeMap;
    try {
      changes = await super.deleteResource(container, conditions);
    } catch (error: unknown) {
      if (!wasClosed && await super.hasResource(container)) {
        await this.lifecycle.openContainer(container.path);
      }
      throw error;
    }
    if (closing === 'closed') {
      // A new container at this URL may have other access rules.
      await this.events.raiseEpoch(container.path);
      await this.listeners.containerGone(container.path);
    }
    // The server refuses to delete the root of a pod that is typed as a storage.
    if (await this.lifecycle.recordOf(container.path)) {
      await this.lifecycle.endPod(container.path);
      await this.listeners.ended(container.path);
    }
    return this.changed(changes);
  }

  /** Returns the document of an event in its served form; documents of earlier versions are checked first. */
  private async readStored(event: Event): Promise<EventText> {
    if (isServedAsStored(event)) {
      return event;
    }
    try {
      return await this.work.run(READ_STORED, textOf(event), { ...costOf(event), ...CONVERSION_LIMITS });
    } catch (error: unknown) {
      throw conversionError(error, JSON_LD);
    }
  }

  /** Moves an event or copy to the backend as an ordinary resource, for operations that the overlay lacks. */
  private async materialise(subject: ResourceIdentifier, event: Event): Promise<void> {
    const stored = await this.readStored(event);
    const copy = new BasicRepresentation(eventDocument(stored), eventMetadata(subject, event));
    await super.setRepresentation(subject, copy);
    await this.events.removeEntry(...this.entryKeyOf(subject)!);
    await this.noteNotification(subject.path, JSON_LD);
  }

  /** The container and id of the entry with a URL; `undefined` if the URL does not end in an event id. */
  private entryKeyOf({ path }: ResourceIdentifier): [container: string, id: string] | undefined {
    const slash = path.lastIndexOf('/') + 1;
    const id = path.slice(slash);
    return isId(id) ? [ path.slice(0, slash), id ] : undefined;
  }

  private async find(identifier: ResourceIdentifier): Promise<Event | undefined> {
    const place = this.entryKeyOf(identifier);
    const event = place && await this.events.getEntry(...place);
    if (!event) {
      return undefined;
    }
    // Verification is cached. It ends the data of a replaced pod, including this entry.
    return await this.listeners.verify(place[0]) ? this.events.getEntry(...place) : undefined;
  }

  /**
   * Whether a member of a container is outside the view of the request: of another topic, or not an event.
   *
   * Auxiliary resources are never hidden, because access control is read within the view too.
   */
  private async isHidden(identifier: ResourceIdentifier): Promise<boolean> {
    const view = currentTopicView();
    const { path } = identifier;
    if (!view || path === view.container || !path.startsWith(view.container) ||
      this.auxiliaryStrategy.isAuxiliaryIdentifier(identifier)) {
      return false;
    }
    const event = await this.find(identifier);
    return event === undefined || !view.shows(event.topic);
  }

  /** The subject of a description resource; any other resource is its own subject. */
  private subjectOf(identifier: ResourceIdentifier): ResourceIdentifier {
    return this.metadataStrategy.isAuxiliaryIdentifier(identifier) ?
      this.metadataStrategy.getSubjectIdentifier(identifier) :
      identifier;
  }

  /** Adds a container's entries to its representation; the entries are read with the stream. */
  private async withEntries(
    container: ResourceIdentifier,
    representation: Representation,
    preferences: RepresentationPreferences,
  ): Promise<Representation> {
    const current = currentTopicView();
    const view = current?.container === container.path ? current : undefined;
    const { metadata, data } = view ? limitedContainer(representation) : representation;
    const known = await this.events.modifiedOf(container.path);
    const isSame = known !== undefined && await this.listeners.verify(container.path);
    const modified = isSame ? await this.events.modifiedOf(container.path) : undefined;
    if (modified === undefined) {
      return new BasicRepresentation(data, metadata);
    }
    const entries = view ? limitedEntries(this.events, view) : this.events;
    const { type, format } = await this.formatFor(container, preferences, entries);
    if (type) {
      metadata.contentType = type;
    }
    const time = view ? undefined : setModified(metadata, modified);
    const listing = new ListingStream(container, data, time, entries, format);
    return new BasicRepresentation(guardStream(listing), metadata, type !== undefined);
  }

  /** The most preferred listing format if it is written directly, otherwise quads, converted by the server. */
  private async formatFor(
    container: ResourceIdentifier,
    preferences: RepresentationPreferences,
    entries: Pick<OverlayStore, 'listEntries'>,
  ): Promise<{ type?: string; format: ListingFormat }> {
    const weights = cleanPreferences(preferences.type);
    const most = Math.max(...Object.values(weights));
    const weightOf = namedFirst([ ...Object.keys(TEXT_FORMATS), HTML ], weights);
    const isWanted = (type: string): boolean => most > 0 && weightOf(type) === most;
    const type = Object.keys(TEXT_FORMATS).find(isWanted);
    if (type) {
      return { type, format: TEXT_FORMATS[type] };
    }
    const isLong = isWanted(HTML) &&
      (await entries.listEntries(container.path, 0, LONG_LISTING)).length === LONG_LISTING;
    return isLong ? { type: HTML, format: HTML_TEXT } : { format: QUADS };
  }

  private assertConditions(identifier: ResourceIdentifier, event: Event, conditions?: Conditions): void {
    if (conditions && !conditions.matchesMetadata(eventMetadata(identifier, event))) {
      throw new PreconditionFailedHttpError();
    }
  }

  /**
   * Refuses LDP writes below `publish/`, because events are immutable.
   *
   * Access control documents stay writable, as do resources that existed before the pod was set up.
   *
   * @throws MethodNotAllowedHttpError if the write is refused.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed
   */
  private async assertWritable(identifier: ResourceIdentifier, method: string): Promise<void> {
    const subject = this.subjectOf(identifier).path;
    const path = method === 'POST' ? `${subject.replace(/\/$/u, '')}/new` : subject;
    if (this.isAccessControl(identifier)) {
      return;
    }
    for (const { index } of path.matchAll(/\/publish\/(?=.)/gu)) {
      const pod = path.slice(0, index + 1);
      if (await this.events.hasPod(pod) && !await this.isPreexisting(publishContainer(pod), path)) {
        throw new MethodNotAllowedHttpError([ method ], `${publishContainer(pod)} holds the events of the pod, which ` +
          'never change: to publish one, POST it as JSON to the container.');
      }
    }
  }

  /**
   * Refuses a change of access control while the event store is not writable.
   *
   * The access epoch must be raised before the change is acknowledged, so this is checked before the change is made.
   *
   * @throws HttpError 503 or 507 if the store is not writable.
   */
  private async assertEpochWritable(identifier: ResourceIdentifier): Promise<void> {
    if (this.isAccessControl(identifier) || await this.events.hasDependents(identifier.path)) {
      await this.events.assertWritable(LOCK_TIMEOUT);
    }
  }

  /** Whether a resource below `publish/`, or its container, existed before the pod was set up. */
  private async isPreexisting(publish: string, path: string): Promise<boolean> {
    if (isId(path.slice(publish.length))) {
      return false;
    }
    const parent = path.slice(0, path.replace(/\/$/u, '').lastIndexOf('/') + 1);
    return await super.hasResource({ path }) || (parent !== publish && super.hasResource({ path: parent }));
  }

  private isAccessControl(identifier: ResourceIdentifier): boolean {
    return this.auxiliaryStrategy.isAuxiliaryIdentifier(identifier) &&
      this.auxiliaryStrategy.usesOwnAuthorization(identifier);
  }

  private async hasAccessControl(identifier: ResourceIdentifier): Promise<boolean> {
    for (const auxiliary of this.auxiliaryStrategy.getAuxiliaryIdentifiers(identifier)) {
      if (this.isAccessControl(auxiliary) && await super.hasResource(auxiliary)) {
        return true;
      }
    }
    return false;
  }

  /** Raises the access epochs of pods with changed access control or groups, before the change is acknowledged. */
  private async changed(changes: ChangeMap, contentType?: string): Promise<ChangeMap> {
    for (const [ identifier, metadata ] of changes) {
      const change = metadata.get(SOLID_AS.terms.activity)?.value;
      if (isContainerIdentifier(identifier)) {
        if (change === AS.Create) {
          await this.lifecycle.openContainer(identifier.path);
        }
      } else if (!this.auxiliaryStrategy.isAuxiliaryIdentifier(identifier)) {
        await this.noteNotification(identifier.path, change === AS.Delete ? undefined : contentType);
      }
      await (this.isAccessControl(identifier) ?
        this.events.raiseEpoch(identifier.path) :
        this.events.raiseDependents(identifier.path));
    }
    return changes;
  }

  /**
   * Updates the index of notifications after a change of a member of an inbox.
   *
   * The change itself is complete, so a failure is only logged. The next comparison of the index repairs it.
   */
  private async noteNotification(url: string, type?: string): Promise<void> {
    const [ , pod, name ] = INBOX_MEMBER.exec(url) ?? [ '' ];
    try {
      if (name && await this.events.hasPod(pod)) {
        await this.events.noteNotification(podInbox(pod), name, type !== undefined && isJsonType(type));
      }
    } catch (error: unknown) {
      this.logger.error(`The notification ${url} cannot be added to the index of its inbox: ${createErrorMessage(error)}`);
    }
  }
}

function activity(identifier: ResourceIdentifier, type: string, object?: ResourceIdentifier): RepresentationMetadata {
  return new RepresentationMetadata(identifier, {
    [SOLID_AS.activity]: DataFactory.namedNode(type),
    ...object && { [AS.object]: DataFactory.namedNode(object.path) },
  });
}
