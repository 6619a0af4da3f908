import type {
  AuxiliaryStrategy,
  ChangeMap,
  Conditions,
  Patch,
  Representation,
  RepresentationPreferences,
  ResourceIdentifier,
  ResourceStore,
} from '@solid/community-server';
import {
  AS,
  BasicRepresentation,
  cleanPreferences,
  ConflictHttpError,
  getTypeWeight,
  guardStream,
  IdentifierMap,
  INTERNAL_QUADS,
  isContainerIdentifier,
  MethodNotAllowedHttpError,
  NotFoundHttpError,
  NotImplementedHttpError,
  PassthroughStore,
  PreconditionFailedHttpError,
  RepresentationMetadata,
  SOLID_AS,
} from '@solid/community-server';
import { DataFactory } from 'n3';
import type { Event } from '../event/Event';
import { eventDocument, isId, publishContainer } from '../event/Event';
import { JSON_LD } from '../event/mediaTypes';
import type { EventText } from '../event/documentReading';
import { costOf, isServedAsStored, READ_STORED, textOf } from '../event/eventTasks';
import type { PodLifecycle } from './PodLifecycle';
import type { Work } from '../work/Work';
import { conversionError, TIMES } from './EventConversion';
import { eventRepresentation } from './eventRepresentation';
import type { PodHooks } from './PodHooks';
import { eventMetadata, setModified } from './eventMetadata';
import type { ListingFormat } from './listingFormats';
import { HTML_TEXT, QUADS, TEXT_FORMATS } from './listingFormats';
import { ListingStream } from './ListingStream';
import { withHttpErrors } from './storeHttpError';
import type { OverlayStore } from './ports';

/** Maximum time, in milliseconds, that a change of access control waits for the store before anything is changed. */
const WRITABLE_PATIENCE = 1_000;

/** From how many entries on a container is not shown by the server's own page, which is made all at once. */
const LONG = 300;
const HTML = 'text/html';

/**
 * Lays events and copies over the resources of the server's own backend, whichever it is.
 *
 * What lies in the event store is an ordinary resource of its container: read, converted, listed and deleted
 * by the server's own code. Everything else, and all access control, stays in the backend.
 *
 * @see https://solidproject.org/TR/protocol#reading-writing-resources
 */
export class EventOverlayStore extends PassthroughStore {
  private readonly events: OverlayStore;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly metadataStrategy: AuxiliaryStrategy;
  private readonly lifecycle: PodLifecycle;
  private readonly hooks: PodHooks;
  private readonly work: Work;

  /**
   * @param source - The backend.
   * @param events - The events and copies.
   * @param auxiliaryStrategy - Tells which resources belong to others.
   * @param metadataStrategy - Tells which of them describe others.
   * @param lifecycle - Is told of containers that are deleted and created.
   * @param hooks - Tells whether the pod of an entry still is the same, and is told of containers that are gone.
   * @param work - Runs what can take long.
   */
  public constructor(
    source: ResourceStore,
    events: OverlayStore,
    auxiliaryStrategy: AuxiliaryStrategy,
    metadataStrategy: AuxiliaryStrategy,
    lifecycle: PodLifecycle,
    hooks: PodHooks,
    work: Work,
  ) {
    super(source);
    this.events = withHttpErrors(events);
    this.auxiliaryStrategy = auxiliaryStrategy;
    this.metadataStrategy = metadataStrategy;
    this.lifecycle = withHttpErrors(lifecycle);
    this.hooks = hooks;
    this.work = work;
  }

  public override async hasResource(identifier: ResourceIdentifier): Promise<boolean> {
    return await this.find(this.subjectOf(identifier)) !== undefined || super.hasResource(identifier);
  }

  public override async getRepresentation(
    identifier: ResourceIdentifier,
    preferences: RepresentationPreferences,
    conditions?: Conditions,
  ): Promise<Representation> {
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
    return eventRepresentation(await this.readStored(event), metadata, preferences, this.work);
  }

  public override async addResource(
    container: ResourceIdentifier,
    representation: Representation,
    conditions?: Conditions,
  ): Promise<ChangeMap> {
    await this.assertWritable(container, 'POST');
    return this.changed(await super.addResource(container, representation, conditions));
  }

  public override async setRepresentation(
    identifier: ResourceIdentifier,
    representation: Representation,
    conditions?: Conditions,
  ): Promise<ChangeMap> {
    const subject = this.subjectOf(identifier);
    await this.assertWritable(identifier, 'PUT');
    await this.assertChangeable(identifier);
    const event = await this.find(subject);
    if (!event) {
      return this.changed(await super.setRepresentation(identifier, representation, conditions));
    }
    this.assertConditions(subject, event, conditions);
    if (subject.path !== identifier.path) {
      await this.materialise(subject, event);
      return this.changed(await super.setRepresentation(identifier, representation));
    }
    // The copy only leaves when what replaces it is written; until then it hides that.
    const changes = await super.setRepresentation(identifier, representation);
    await this.events.removeEntry(...this.placeOf(subject)!);
    return this.changed(new IdentifierMap([ ...changes ]
      .filter(([ changed ]): boolean => changed.path === identifier.path)
      .map(([ changed ]): [ResourceIdentifier, RepresentationMetadata] => [ changed, activity(changed, AS.Update) ])));
  }

  public override async modifyResource(
    identifier: ResourceIdentifier,
    patch: Patch,
    conditions?: Conditions,
  ): Promise<ChangeMap> {
    await this.assertWritable(identifier, 'PATCH');
    await this.assertChangeable(identifier);
    const event = await this.find(this.subjectOf(identifier));
    if (!event) {
      return this.changed(await super.modifyResource(identifier, patch, conditions));
    }
    this.assertConditions(this.subjectOf(identifier), event, conditions);
    // Says to the layer above that it has to read, patch and write.
    throw new NotImplementedHttpError('Events and their copies are not patched in place.');
  }

  public override async deleteResource(identifier: ResourceIdentifier, conditions?: Conditions): Promise<ChangeMap> {
    if (isContainerIdentifier(identifier)) {
      return this.deleteContainer(identifier, conditions);
    }
    await this.assertChangeable(identifier);
    const isAccessControl = this.isAccessControl(identifier);
    const subject = isAccessControl ? this.auxiliaryStrategy.getSubjectIdentifier(identifier) : identifier;
    const event = await this.find(subject);
    if (!event) {
      return this.changed(await super.deleteResource(identifier, conditions));
    }
    // The backend deletes access control with, or of, what it knows.
    if (isAccessControl || await this.hasAccessControl(identifier)) {
      await this.materialise(subject, event);
      return this.changed(await super.deleteResource(identifier, conditions));
    }
    this.assertConditions(identifier, event, conditions);
    const [ container, id ] = this.placeOf(identifier)!;
    if (!await this.events.removeEntry(container, id)) {
      throw new NotFoundHttpError();
    }
    return new IdentifierMap([
      [ identifier, activity(identifier, AS.Delete) ],
      [{ path: container }, activity({ path: container }, AS.Remove, identifier) ],
    ]);
  }

  /** Deletes a container that is empty; no copy goes into it from before it is deleted until it is created again. */
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
      // Whoever could write to it may not be able to when it is created again.
      await this.events.raiseEpoch(container.path);
      await this.hooks.containerGone(container.path);
    }
    // Only where a pod is no storage can its root be deleted.
    if (await this.lifecycle.recordOf(container.path)) {
      await this.lifecycle.endPod(container.path);
      await this.hooks.ended(container.path);
    }
    return this.changed(changes);
  }

  /** The document of an event as it is served. */
  private async readStored(event: Event): Promise<EventText> {
    if (isServedAsStored(event)) {
      return event;
    }
    try {
      return await this.work.run(READ_STORED, textOf(event), { ...costOf(event), ...TIMES });
    } catch (error: unknown) {
      throw conversionError(error, JSON_LD);
    }
  }

  /** Makes an event or copy an ordinary resource of the backend, for what the overlay does not do itself. */
  private async materialise(subject: ResourceIdentifier, event: Event): Promise<void> {
    const stored = await this.readStored(event);
    const copy = new BasicRepresentation(eventDocument(stored), eventMetadata(subject, event));
    await super.setRepresentation(subject, copy);
    await this.events.removeEntry(...this.placeOf(subject)!);
  }

  /** The container and id that an identifier would have as an entry. */
  private placeOf({ path }: ResourceIdentifier): [container: string, id: string] | undefined {
    const slash = path.lastIndexOf('/') + 1;
    const id = path.slice(slash);
    return isId(id) ? [ path.slice(0, slash), id ] : undefined;
  }

  private async find(identifier: ResourceIdentifier): Promise<Event | undefined> {
    const place = this.placeOf(identifier);
    const event = place && await this.events.getEntry(...place);
    if (!event) {
      return undefined;
    }
    // Once the pod is known to be the same, this costs nothing; if it is another one, the entry has ended.
    return await this.hooks.verify(place[0]) ? this.events.getEntry(...place) : undefined;
  }

  /** The resource that a description is of; any other resource is its own. */
  private subjectOf(identifier: ResourceIdentifier): ResourceIdentifier {
    return this.metadataStrategy.isAuxiliaryIdentifier(identifier) ?
      this.metadataStrategy.getSubjectIdentifier(identifier) :
      identifier;
  }

  /** Adds a container's entries to its representation; they are read when the listing is. */
  private async withEntries(
    container: ResourceIdentifier,
    { metadata, data }: Representation,
    preferences: RepresentationPreferences,
  ): Promise<Representation> {
    const known = await this.events.modifiedOf(container.path);
    const isSame = known !== undefined && await this.hooks.verify(container.path);
    const modified = isSame ? await this.events.modifiedOf(container.path) : undefined;
    if (modified === undefined) {
      return new BasicRepresentation(data, metadata);
    }
    const { type, format } = await this.formatFor(container, preferences);
    if (type) {
      metadata.contentType = type;
    }
    const listing = new ListingStream(container, data, setModified(metadata, modified), this.events, format);
    return new BasicRepresentation(guardStream(listing), metadata, type !== undefined);
  }

  /** The form that is wanted most, where it is written directly; otherwise quads, which the server converts. */
  private async formatFor(
    container: ResourceIdentifier,
    preferences: RepresentationPreferences,
  ): Promise<{ type?: string; format: ListingFormat }> {
    const weights = cleanPreferences(preferences.type);
    const most = Math.max(...Object.values(weights));
    const isWanted = (type: string): boolean => most > 0 && getTypeWeight(type, weights) === most;
    const type = Object.keys(TEXT_FORMATS).find(isWanted);
    if (type) {
      return { type, format: TEXT_FORMATS[type] };
    }
    const isLong = isWanted(HTML) && (await this.events.listEntries(container.path, 0, LONG)).length === LONG;
    return isLong ? { type: HTML, format: HTML_TEXT } : { format: QUADS };
  }

  private assertConditions(identifier: ResourceIdentifier, event: Event, conditions?: Conditions): void {
    if (conditions && !conditions.matchesMetadata(eventMetadata(identifier, event))) {
      throw new PreconditionFailedHttpError();
    }
  }

  /**
   * Whether something may be written here by LDP: what lies in `publish/` are events, which never change, beside access
   * control, and resources of before the container was claimed, which stay as writable as they were.
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
      if (await this.events.hasPod(pod) && !await this.isOlder(publishContainer(pod), path)) {
        throw new MethodNotAllowedHttpError([ method ], `${publishContainer(pod)} holds the events of the pod, which ` +
          'never change: to publish one, POST it as JSON to the container.');
      }
    }
  }

  /**
   * Refuses a change on which access depends if the store cannot be written, before anything is changed: what was
   * learned of access has to be forgotten before the change is acknowledged.
   */
  private async assertChangeable(identifier: ResourceIdentifier): Promise<void> {
    if (this.isAccessControl(identifier) || await this.events.hasDependents(identifier.path)) {
      await this.events.assertWritable(WRITABLE_PATIENCE);
    }
  }

  /** Whether something below `publish/`, or the container in which it lies, is a resource of before. */
  private async isOlder(publish: string, path: string): Promise<boolean> {
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

  /** Raises the access epoch of each pod whose access control, or groups, have changed, before that is acknowledged. */
  private async changed(changes: ChangeMap): Promise<ChangeMap> {
    for (const [ identifier, metadata ] of changes) {
      if (isContainerIdentifier(identifier) && metadata.get(SOLID_AS.terms.activity)?.value === AS.Create) {
        await this.lifecycle.openContainer(identifier.path);
      }
      await (this.isAccessControl(identifier) ?
        this.events.raiseEpoch(identifier.path) :
        this.events.raiseDependents(identifier.path));
    }
    return changes;
  }
}

function activity(identifier: ResourceIdentifier, type: string, object?: ResourceIdentifier): RepresentationMetadata {
  return new RepresentationMetadata(identifier, {
    [SOLID_AS.activity]: DataFactory.namedNode(type),
    ...object && { [AS.object]: DataFactory.namedNode(object.path) },
  });
}
