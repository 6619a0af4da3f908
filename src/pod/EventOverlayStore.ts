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
import type { ContextLoader } from '../event/ContextLoader';
import type { Event } from '../event/Event';
import { eventDocument, isId, publishContainer } from '../event/Event';
import { TURTLE } from '../event/mediaTypes';
import { readStored } from '../event/reading';
import type { EventStore } from '../store/EventStore';
import { eventRepresentation } from './eventRepresentation';
import { eventMetadata, setModified } from './eventMetadata';
import { QUADS, TURTLE_TEXT } from './listingFormats';
import { ListingStream } from './ListingStream';

/**
 * Lays events and copies over the resources of the server's own backend, whichever it is.
 *
 * What lies in the event store is an ordinary resource of its container: read, converted, listed and deleted
 * by the server's own code. Everything else, and all access control, stays in the backend.
 *
 * @see https://solidproject.org/TR/protocol#reading-writing-resources
 */
export class EventOverlayStore extends PassthroughStore {
  private readonly events: EventStore;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly metadataStrategy: AuxiliaryStrategy;
  private readonly contexts: ContextLoader;

  /**
   * @param source - The backend.
   * @param events - The events and copies.
   * @param auxiliaryStrategy - Tells which resources belong to others.
   * @param metadataStrategy - Tells which of them describe others.
   * @param contexts - The JSON-LD contexts that are bundled.
   */
  public constructor(
    source: ResourceStore,
    events: EventStore,
    auxiliaryStrategy: AuxiliaryStrategy,
    metadataStrategy: AuxiliaryStrategy,
    contexts: ContextLoader,
  ) {
    super(source);
    this.events = events;
    this.auxiliaryStrategy = auxiliaryStrategy;
    this.metadataStrategy = metadataStrategy;
    this.contexts = contexts;
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
    return eventRepresentation(await readStored(event, this.contexts.bundled()), metadata, preferences);
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
      if ((await this.events.listEntries(identifier.path, 0, 1)).length > 0) {
        throw new ConflictHttpError('Can only delete empty containers.');
      }
      return this.changed(await super.deleteResource(identifier, conditions));
    }
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

  /** Makes an event or copy an ordinary resource of the backend, for what the overlay does not do itself. */
  private async materialise(subject: ResourceIdentifier, event: Event): Promise<void> {
    const stored = await readStored(event, this.contexts.bundled());
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
    return place && this.events.getEntry(...place);
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
    const modified = await this.events.modifiedOf(container.path);
    if (modified === undefined) {
      return new BasicRepresentation(data, metadata);
    }
    const asTurtle = prefersTurtle(preferences);
    if (asTurtle) {
      metadata.contentType = TURTLE;
    }
    const format = asTurtle ? TURTLE_TEXT : QUADS;
    const listing = new ListingStream(container, data, setModified(metadata, modified), this.events, format);
    return new BasicRepresentation(guardStream(listing), metadata, asTurtle);
  }

  private assertConditions(identifier: ResourceIdentifier, event: Event, conditions?: Conditions): void {
    if (conditions && !conditions.matchesMetadata(eventMetadata(identifier, event))) {
      throw new PreconditionFailedHttpError();
    }
  }

  /**
   * Whether something may be written here by LDP: what lies in `publish/` are events, which never change,
   * and nothing else lies beside them but access control.
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
      if (await this.events.hasPod(pod)) {
        throw new MethodNotAllowedHttpError([ method ], `${publishContainer(pod)} holds the events of the pod, which ` +
          'never change: to publish one, POST it as JSON to the container.');
      }
    }
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
    for (const [ identifier ] of changes) {
      await (this.isAccessControl(identifier) ?
        this.events.raiseEpoch(identifier.path) :
        this.events.raiseDependents(identifier.path));
    }
    return changes;
  }
}

/** Whether nothing is asked for more than Turtle. */
function prefersTurtle({ type }: RepresentationPreferences): boolean {
  const weights = cleanPreferences(type);
  const weight = getTypeWeight(TURTLE, weights);
  return weight > 0 && Object.values(weights).every((other): boolean => other <= weight);
}

function activity(identifier: ResourceIdentifier, type: string, object?: ResourceIdentifier): RepresentationMetadata {
  return new RepresentationMetadata(identifier, {
    [SOLID_AS.activity]: DataFactory.namedNode(type),
    ...object && { [AS.object]: DataFactory.namedNode(object.path) },
  });
}
