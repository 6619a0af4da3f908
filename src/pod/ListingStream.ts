import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import type { ResourceIdentifier } from '@solid/community-server';
import { nextTimeSlice } from '../event/timeSlices';
import type { ListingFormat } from './listingFormats';
import { withModified } from './listingFormats';
import type { EntryStore } from './ports';

/** How many quads of the backend are read, and how many are formatted, in one turn of the event loop. */
const READ = 2_000;
const SLICE = 200;

/**
 * The listing of a container: what the backend says, and then its entries in order.
 *
 * Nothing is read before the stream is, and never more than a page ahead of its reader. Before each page the event loop
 * turns, and each turn serves one page of one listing only, however many there are. Nothing is read after the stream
 * is destroyed.
 *
 * @see https://solidproject.org/TR/protocol#contained-resource-metadata
 */
export class ListingStream extends Readable {
  private after = 0;
  private head?: readonly Quad[];
  private headRead = 0;
  private isActive = false;
  private isWanted = false;

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
    private readonly events: Pick<EntryStore, 'listEntries'>,
    private readonly format: ListingFormat,
  ) {
    super({ objectMode: true, highWaterMark: format.ahead });
  }

  /** One page at a time: a reader that asks while a page is being pushed gets the next one after it. */
  public override _read(): void {
    if (this.isActive) {
      this.isWanted = true;
      return;
    }
    this.isActive = true;
    this.isWanted = false;
    this.pushNext()
      .then((): void => {
        this.isActive = false;
        if (this.isWanted && !this.destroyed && !this.readableEnded) {
          this._read();
        }
      })
      .catch((error: unknown): unknown => this.destroy(error as Error));
  }

  public override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.backend.destroy();
    callback(error);
  }

  private async pushNext(): Promise<void> {
    await nextTimeSlice();
    if (this.destroyed) {
      return;
    }
    const { path } = this.container;
    const isFirst = this.head === undefined;
    this.head ??= withModified(path, await this.readBackend(), this.modified);
    if (this.headRead < this.head.length) {
      const slice = this.head.slice(this.headRead, this.headRead + SLICE);
      this.headRead += slice.length;
      this.pushAll(this.format.head(path, slice, isFirst));
      return;
    }
    const page = await this.events.listEntries(path, this.after, this.format.pageSize);
    this.after = page.at(-1)?.event ?? this.after;
    const isLast = page.length < this.format.pageSize;
    this.pushAll([ ...this.format.page(path, page), ...isLast ? this.format.end : []]);
    if (isLast) {
      this.isWanted = false;
      // Does nothing if the reader has left.
      this.push(null);
    }
  }

  private pushAll(items: readonly unknown[]): void {
    for (const item of items) {
      if (this.destroyed) {
        return;
      }
      this.push(item);
    }
    // Who has asked for a page is to get another one where this one was empty.
    this.isWanted ||= items.length === 0;
  }

  private async readBackend(): Promise<Quad[]> {
    const quads: Quad[] = [];
    for await (const item of this.backend as AsyncIterable<Quad>) {
      quads.push(item);
      if (quads.length % READ === 0) {
        await nextTimeSlice();
      }
    }
    return quads;
  }
}
