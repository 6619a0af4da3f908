import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import type { ResourceIdentifier } from '@solid/community-server';
import { DC, IANA, LDP, POSIX, RDF, XSD } from '@solid/community-server';
import { DataFactory } from 'n3';
import { JSON_LD } from '../event/mediaTypes';
import type { Entry, EventStore } from '../store/EventStore';
import { dateTime } from './eventMetadata';

const { namedNode, literal, quad } = DataFactory;
const PAGE = 500;
const TYPE_JSON_LD = namedNode(`${IANA.namespace}${JSON_LD}#Resource`);

/**
 * The listing of a container: what the backend says, and then its entries in order.
 *
 * Nothing is read before the stream is, and never more than a page ahead of it.
 *
 * @see https://solidproject.org/TR/protocol#contained-resource-metadata
 */
export class ListingStream extends Readable {
  private after = 0;
  private backendRead = false;
  private readonly subject;

  /**
   * @param container - The container that is listed.
   * @param backend - The listing of the backend, as quads.
   * @param modified - When the container was last modified, in milliseconds since 1970.
   * @param events - Has the entries.
   */
  public constructor(
    private readonly container: ResourceIdentifier,
    private readonly backend: Readable,
    private readonly modified: number,
    private readonly events: EventStore,
  ) {
    super({ objectMode: true, highWaterMark: PAGE });
    this.subject = namedNode(container.path);
  }

  public override _read(): void {
    this.pushNext().catch((error: unknown): unknown => this.destroy(error as Error));
  }

  public override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.backend.destroy();
    callback(error);
  }

  /** Reads first and pushes then, in one go: to push while reading would ask for the next page too early. */
  private async pushNext(): Promise<void> {
    const own = this.backendRead ? [] : await this.readBackend();
    const page = await this.events.listEntries(this.container.path, this.after, PAGE);
    this.backendRead = true;
    this.after = page.at(-1)?.event ?? this.after;
    for (const item of own) {
      this.push(item);
    }
    for (const entry of page) {
      this.pushEntry(entry);
    }
    if (page.length < PAGE) {
      this.push(null);
    }
  }

  private async readBackend(): Promise<Quad[]> {
    const quads: Quad[] = [];
    for await (const item of this.backend as AsyncIterable<Quad>) {
      if (!item.subject.equals(this.subject) || !item.predicate.equals(DC.terms.modified)) {
        quads.push(item);
      }
    }
    return [ ...quads, quad(this.subject, DC.terms.modified, dateTime(this.modified)) ];
  }

  private pushEntry({ id, published, bytes }: Entry): void {
    const member = namedNode(`${this.container.path}${id}`);
    this.push(quad(this.subject, LDP.terms.contains, member));
    this.push(quad(member, RDF.terms.type, LDP.terms.Resource));
    this.push(quad(member, RDF.terms.type, TYPE_JSON_LD));
    this.push(quad(member, DC.terms.modified, dateTime(published)));
    this.push(quad(member, POSIX.terms.mtime, toInteger(Math.floor(published / 1_000))));
    this.push(quad(member, POSIX.terms.size, toInteger(bytes)));
  }
}

function toInteger(value: number): ReturnType<typeof literal> {
  return literal(String(value), XSD.terms.integer);
}
