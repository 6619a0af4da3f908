import { formatPlace } from '../listing/listingPlace';
import type { ContainerWatch } from '../listing/ContainerWatch';
import type { ListingPlace } from '../listing/ports';

/**
 * The end of one container, read once for all streams at the same position.
 *
 * @typeParam T - Result of a read.
 */
export class ContainerTail<T> {
  private readonly waiting = new Set<() => void>();
  private readonly reads = new Map<string, Promise<T>>();
  private unwatch?: () => void;
  private users = 0;
  private changes = 0;

  /**
   * @param watch - Watches the container.
   * @param container - URL of the container.
   * @param read - Reads the next items after a position.
   */
  public constructor(
    private readonly watch: ContainerWatch,
    private readonly container: string,
    private readonly read: (place: ListingPlace) => Promise<T>,
  ) {}

  /** Number of changes of the container since the first read. */
  public get version(): number {
    return this.changes;
  }

  /** Adds a stream. Returns a function that removes it, and returns whether it was the last one. */
  public join(): () => boolean {
    this.users += 1;
    return (): boolean => {
      this.users -= 1;
      if (this.users > 0) {
        return false;
      }
      this.unwatch?.();
      this.unwatch = undefined;
      this.reads.clear();
      return true;
    };
  }

  /** Reads the next items after a position, together with all streams at this position. */
  public async next(place: ListingPlace): Promise<T> {
    if (!this.unwatch) {
      // Watched before the read, so that no change after it is missed.
      const modified = await this.watch.modifiedOf(this.container);
      this.unwatch ??= this.watchFrom(modified);
    }
    const key = formatPlace(place);
    const found = this.reads.get(key) ?? this.read(place);
    this.reads.set(key, found);
    return found;
  }

  /** Waits until the version differs from an earlier one, or the signal is aborted. */
  public async changed(version: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.changes !== version) {
      return;
    }
    await new Promise<void>((resolve): void => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        this.waiting.delete(end);
        resolve();
      };
      signal.addEventListener('abort', end);
      this.waiting.add(end);
      if (this.waiting.size === this.users) {
        // All streams have these items.
        this.reads.clear();
      }
    });
  }

  private watchFrom(modified: number | undefined): () => void {
    return this.watch.watch(this.container, modified, (changed): void => {
      this.changes += 1;
      this.reads.clear();
      this.unwatch = this.watchFrom(changed);
      for (const end of [ ...this.waiting ]) {
        end();
      }
    });
  }
}
