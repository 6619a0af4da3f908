import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import type { ResourceIdentifier } from '../css';
import { nextTimeSlice } from '../event/timeSlices';
import type { ListingFormat } from './listingFormats';
import { withModified } from './listingFormats';
import type { EntryStore } from './ports';

/** Maximum number of backend quads that are read, and that are formatted, in one turn of the event loop. */
const READ_BATCH = 2_000;
const HEAD_BATCH = 200;

/**
 * The listing of a container: the statements of the backend, followed by the container's entries in order.
 *
 * Entries are read on demand, at most one page ahead of the reader. Each page waits for a turn of the event loop, and
 * each turn serves one page of one listing. A destroyed stream reads nothing more.
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
   * @param container - The listed container.
   * @param backend - The listing of the backend, as quads.
   * @param modified - Time of the container's last modification, in milliseconds since 1970; `undefined` to list none.
   * @param events - Storage of the entries.
   * @param format - Format of the listing.
   */
  public constructor(
    private readonly container: ResourceIdentifier,
    private readonly backend: Readable,
    private readonly modified: number | undefined,
    private readonly events: Pick<EntryStore, 'listEntries'>,
    private readonly format: ListingFormat,
  ) {
    super({ objectMode: true, highWaterMark: format.ahead });
  }

  /** Pushes one page at a time; a read during a push starts the next page after it. */
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
    this.head ??= this.modified === undefined ?
      await this.readBackend() :
      withModified(path, await this.readBackend(), this.modified);
    if (this.headRead < this.head.length) {
      const slice = this.head.slice(this.headRead, this.headRead + HEAD_BATCH);
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
      // Has no effect on a destroyed stream.
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
    // An empty page does not satisfy the pending read.
    this.isWanted ||= items.length === 0;
  }

  private async readBackend(): Promise<Quad[]> {
    const quads: Quad[] = [];
    for await (const item of this.backend as AsyncIterable<Quad>) {
      quads.push(item);
      if (quads.length % READ_BATCH === 0) {
        await nextTimeSlice();
      }
    }
    return quads;
  }
}
