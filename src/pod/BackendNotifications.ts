import { PassThrough } from 'node:stream';
import TTLCache from '@isaacs/ttlcache';
import type { Representation, ResourceStore } from '../css';
import { createErrorMessage, DC, getLoggerFor, isContainerIdentifier, LDP, NotFoundHttpError, pipeSafely, RDF } from '../css';
import type { Quad } from '@rdfjs/types';
import { isJsonType, JSON_LD, JSON_MEDIA_TYPE } from '../event/mediaTypes';
import { nextTimeSlice, timeSlicer } from '../event/timeSlices';
import type { InboxNotifications, NotificationText } from '../http/listing/ports';
import { resourceExists } from './resourceExists';
import type { IndexedNotification, NotificationIndex } from './ports';

/** Maximum age, in milliseconds, of a comparison of an index with its inbox, and maximum number of remembered ones. */
const COMPARED_MAX_AGE = 60 * 60_000;
const MAX_COMPARED = 10_000;
/** Number of notifications that are added to the index in one transaction. */
const BATCH = 200;
const MEDIA_TYPE = /^http:\/\/www\.w3\.org\/ns\/iana\/media-types\/(.+)#Resource$/u;

/**
 * Notifications of inboxes that the backend of the server stores, with an index of those in JSON.
 *
 * The overlay keeps the index current. At its first use, and again after an hour, each process compares it with the
 * inbox, so that it contains notifications from earlier versions, from another process that failed, and from restored
 * or added files. Only the first comparison delays a request.
 */
export class BackendNotifications implements InboxNotifications {
  protected readonly logger = getLoggerFor(this);
  private readonly backend: ResourceStore;
  private readonly resources: ResourceStore;
  private readonly index: NotificationIndex;
  private readonly compared = new TTLCache<string, true>({
    max: MAX_COMPARED, ttl: COMPARED_MAX_AGE, checkAgeOnGet: true,
  });
  private readonly known = new TTLCache<string, true>({ max: MAX_COMPARED, ttl: Infinity });
  private readonly comparisons = new Map<string, Promise<void>>();

  /**
   * @param backend - The backend, without events and copies.
   * @param resources - Resources of the server.
   * @param index - Names of notifications in JSON.
   */
  public constructor(backend: ResourceStore, resources: ResourceStore, index: NotificationIndex) {
    this.backend = backend;
    this.resources = resources;
    this.index = index;
  }

  public async exists(container: string): Promise<boolean> {
    return resourceExists(this.backend, container);
  }

  public async prepare(inbox: string): Promise<void> {
    if (this.compared.get(inbox)) {
      return;
    }
    let comparison = this.comparisons.get(inbox);
    if (!comparison) {
      comparison = this.compare(inbox)
        .then((): void => {
          this.compared.set(inbox, true);
          this.known.set(inbox, true);
        })
        .finally((): unknown => this.comparisons.delete(inbox));
      this.comparisons.set(inbox, comparison);
    }
    if (!this.known.get(inbox)) {
      return comparison;
    }
    comparison.catch((error: unknown): void => {
      this.logger.error(`The notifications of ${inbox} cannot be read: ${createErrorMessage(error)}`);
    });
  }

  public async read(url: string, maxBytes: number): Promise<NotificationText | undefined> {
    try {
      const { metadata, data } = await this.resources.getRepresentation(
        { path: url },
        { type: { [JSON_LD]: 1, [JSON_MEDIA_TYPE]: 1, '*/*': 0.1 }},
      );
      if (isJsonType(metadata.contentType ?? '')) {
        return { text: await textOf(data, maxBytes) };
      }
      data.destroy();
    } catch (error: unknown) {
      if (!NotFoundHttpError.isInstance(error)) {
        this.logger.warn(`The notification ${url} cannot be read: ${createErrorMessage(error)}`);
        return undefined;
      }
    }
    const name = url.slice(url.lastIndexOf('/') + 1);
    await this.index.noteNotification(url.slice(0, -name.length), name, false);
    return undefined;
  }

  private async compare(inbox: string): Promise<void> {
    const stored = await this.storedIn(inbox);
    const pause = timeSlicer();
    const names = new Set<string>();
    for (let after = '', page = await this.index.notificationNames(inbox, after, BATCH); page.length > 0;) {
      for (const name of page) {
        names.add(name);
        await pause();
        if (!stored.has(name) && !await resourceExists(this.backend, `${inbox}${name}`)) {
          await this.index.noteNotification(inbox, name, false);
        }
      }
      after = page.at(-1)!;
      page = await this.index.notificationNames(inbox, after, BATCH);
    }
    const missing = [ ...stored ].filter(([ name ]): boolean => !names.has(name))
      .map(([ name, modified ]): IndexedNotification => ({ name, modified }))
      .sort((left, right): number => left.modified - right.modified);
    for (let at = 0; at < missing.length || at === 0; at += BATCH) {
      await this.index.addNotifications(inbox, missing.slice(at, at + BATCH), at + BATCH >= missing.length);
    }
  }

  /** The notifications in JSON, or of unknown type, that the backend has in an inbox, with their times. */
  private async storedIn(inbox: string): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const others = new Set<string>();
    const members: string[] = [];
    const { data } = await this.backend.getRepresentation({ path: inbox }, {});
    let count = 0;
    for await (const { subject, predicate, object } of data as AsyncIterable<Quad>) {
      count += 1;
      if (count % 1_000 === 0) {
        await nextTimeSlice();
      }
      const name = subject.value.slice(inbox.length);
      if (predicate.value === LDP.contains) {
        members.push(object.value);
      } else if (predicate.value === DC.modified && subject.value.startsWith(inbox)) {
        found.set(name, Date.parse(object.value));
      } else if (predicate.value === RDF.type && !isJsonType(MEDIA_TYPE.exec(object.value)?.[1] ?? JSON_LD)) {
        others.add(name);
      }
    }
    return new Map(members
      .filter((url): boolean => url.startsWith(inbox) && !isContainerIdentifier({ path: url }))
      .map((url): [string, number] => [ url.slice(inbox.length), found.get(url.slice(inbox.length)) ?? Date.now() ])
      .filter(([ name ]): boolean => !others.has(name)));
  }
}

/** The text of a stream, unless it exceeds a limit. */
async function textOf(
  data: Representation['data'],
  maxBytes: number,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The iterator of a stream with an expiring lock never ends.
  for await (const chunk of pipeSafely(data, new PassThrough()) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunks.at(-1)!.length;
    if (bytes > maxBytes) {
      data.destroy();
      return undefined;
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
