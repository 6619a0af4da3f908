import { once } from 'node:events';
import type { StreamOutput } from '../Endpoint';
import type { ListingPlace } from '../listing/ports';
import { comment, firstMessage, heartbeat } from './streamMessage';

/** Time between two messages, in milliseconds: without an event, the stream sends a comment. */
const HEARTBEAT = 15_000;
/** Time between two checks of the credential, in milliseconds. */
const CHECK = 10_000;
/** Maximum time for which a stream waits for its client, in milliseconds. */
const PATIENCE = 60_000;

/** Checks of the right to a stream. Each throws an error with the reason if it is lost. */
export interface StreamRight {
  /** Expiry of the credential, in milliseconds since 1970. */
  readonly expires?: number;
  readonly checkCredential: () => Promise<unknown>;
  readonly checkAccess: () => Promise<unknown>;
}

/**
 * The connection of one stream.
 */
export class OpenStream {
  /** Whether the stream has reached the end of the container. */
  public isLive = false;
  private readonly controller = new AbortController();
  private current: ListingPlace;
  private written = performance.now();
  private checked = performance.now();

  /**
   * @param output - The response.
   * @param place - Position from which the stream begins.
   * @param maxBuffer - Maximum size of the text that the client has not received yet, in bytes.
   * @param right - Checks the right to the stream.
   */
  public constructor(
    private readonly output: StreamOutput,
    place: ListingPlace,
    private readonly maxBuffer: number,
    private readonly right: StreamRight,
  ) {
    this.current = place;
    output.once('close', (): void => this.controller.abort());
    if (output.destroyed) {
      this.controller.abort();
    }
  }

  /** Position after the last item. */
  public get place(): ListingPlace {
    return this.current;
  }

  /** Aborted at the end of the stream. */
  public get signal(): AbortSignal {
    return this.controller.signal;
  }

  public get isEnded(): boolean {
    return this.controller.signal.aborted;
  }

  /** Sends the beginning of the stream. */
  public begin(): void {
    this.write(firstMessage(this.current));
  }

  /** Continues behind an item without sending it. */
  public pass(place: ListingPlace): void {
    this.current = place;
  }

  /**
   * Sends a message. A client that does not read is disconnected, unless the stream is in the past: then it waits.
   *
   * @param place - Position after the item of the message.
   * @param message - The message.
   */
  public async send(place: ListingPlace, message: string): Promise<void> {
    if (this.output.writableLength > this.maxBuffer && !this.isEnded) {
      if (this.isLive) {
        this.disconnect();
      } else {
        await this.drained();
      }
    }
    if (!this.isEnded) {
      this.current = place;
      this.write(message);
    }
  }

  /** Sends a comment with the current position, if nothing was sent for some time. */
  public beat(): void {
    const isDue = performance.now() - this.written >= HEARTBEAT;
    if (!this.isEnded && isDue && this.output.writableLength <= this.maxBuffer) {
      this.write(heartbeat(this.current));
    }
  }

  /** Waits for a time, or until the end of the stream. */
  public async pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve): void => {
      const end = (): void => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.signal.addEventListener('abort', end);
    });
  }

  /**
   * Ends the stream if its right is lost.
   *
   * @param isDue - Whether access is checked in any case. Otherwise, and for the credential, the check is periodical.
   */
  public async check(isDue: boolean): Promise<void> {
    const { expires = Infinity, checkAccess, checkCredential } = this.right;
    if (Date.now() >= expires) {
      this.end('the credential has expired');
      return;
    }
    const isPeriod = performance.now() - this.checked >= CHECK;
    if (this.isEnded || !(isDue || isPeriod)) {
      return;
    }
    try {
      if (isPeriod) {
        this.checked = performance.now();
        await checkCredential();
      }
      await checkAccess();
    } catch (error: unknown) {
      this.end((error as Error).message);
    }
  }

  /** Ends the stream with a comment for people. */
  public end(reason: string): void {
    if (!this.isEnded) {
      this.controller.abort();
      this.output.end(comment(reason));
    }
  }

  private write(text: string): void {
    this.written = performance.now();
    this.output.write(text);
  }

  private disconnect(): void {
    this.controller.abort();
    this.output.destroy();
  }

  /** Waits until the client has read enough. Disconnects it if that takes too long. */
  private async drained(): Promise<void> {
    const timer = setTimeout((): void => this.disconnect(), PATIENCE);
    try {
      while (this.output.writableLength > this.maxBuffer) {
        await once(this.output, 'drain', { signal: this.signal });
      }
    } catch {
      // The stream has ended.
    } finally {
      clearTimeout(timer);
    }
  }
}
