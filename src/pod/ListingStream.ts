import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import type { ResourceIdentifier } from '@solid/community-server';
import type { EventStore } from '../store/EventStore';
import type { ListingFormat } from './listingFormats';

const PAGE = 500;

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

  /**
   * @param container - The container that is listed.
   * @param backend - The listing of the backend, as quads.
   * @param modified - When the container was last modified, in milliseconds since 1970.
   * @param events - Has the entries.
   * @param format - What the stream consists of.
   */
  public constructor(
    private readonly container: ResourceIdentifier,
    private readonly backend: Readable,
    private readonly modified: number,
    private readonly events: EventStore,
    private readonly format: ListingFormat,
  ) {
    super({ objectMode: true, highWaterMark: PAGE });
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
    const { path } = this.container;
    const head = this.backendRead ? [] : this.format.head(path, await this.readBackend(), this.modified);
    const page = await this.events.listEntries(path, this.after, PAGE);
    this.backendRead = true;
    this.after = page.at(-1)?.event ?? this.after;
    for (const item of [ ...head, ...this.format.page(path, page) ]) {
      this.push(item);
    }
    if (page.length < PAGE) {
      this.push(null);
    }
  }

  private async readBackend(): Promise<Quad[]> {
    const quads: Quad[] = [];
    for await (const item of this.backend as AsyncIterable<Quad>) {
      quads.push(item);
    }
    return quads;
  }
}
