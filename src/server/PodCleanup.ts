import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import { nextTimeSlice } from '../event/timeSlices';
import type { PodDirectory } from '../pod/PodDirectory';
import type { PodListeners } from '../pod/PodListeners';
import type { PodLifecycle } from '../pod/PodLifecycle';
import type { OwnerNotifier } from './OwnerNotifier';

/** Number of pods read from the store at a time, and of rows examined in one step of a sweep. */
const POD_BATCH = 100;
const ROW_BATCH = 500;

/** Dependencies and limits of {@link PodCleanup}. */
export interface PodCleanupArgs {
  /** Verifies pods. */
  pods: PodDirectory;
  /** Lists registered pods, and frees the space of ended data. */
  lifecycle: PodLifecycle;
  /** Notifies owners of deleted containers. */
  notifier: OwnerNotifier;
  /** Reports ended pods and deleted containers. */
  listeners: PodListeners;
  /** Time between two sweeps, in seconds. Default 60. */
  interval?: number;
  /** Maximum time that startup waits for the verification of pods, in seconds. Default 2. */
  startupTime?: number;
}

/**
 * Ends the data of pods that no longer exist, in the server's primary process.
 *
 * Verifies each registered pod at startup: as many as possible within `startupTime` before the server accepts requests,
 * and the rest afterwards. Then frees the space of ended data periodically.
 */
export class PodCleanup extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly pods: PodDirectory;
  private readonly lifecycle: PodLifecycle;
  private readonly notifier: OwnerNotifier;
  private readonly listeners: PodListeners;
  private readonly interval: number;
  private readonly startupTime: number;
  private timer?: NodeJS.Timeout;
  private checking?: Promise<void>;
  private sweeping?: Promise<void>;
  private stopped = false;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: PodCleanupArgs) {
    super();
    this.pods = args.pods;
    this.lifecycle = args.lifecycle;
    this.notifier = args.notifier;
    this.listeners = args.listeners;
    this.interval = args.interval ?? 60;
    this.startupTime = args.startupTime ?? 2;
  }

  public override async handle(): Promise<void> {
    this.stopped = false;
    this.listeners.add({
      ended: async(): Promise<void> => this.sweep(),
      containerGone: async(container): Promise<void> => this.notifyOwner(container),
    });
    this.checking = this.check().catch((error: unknown): void => {
      this.logger.error(`The verification of pods failed: ${(error as Error).message}`);
    });
    this.timer = setInterval((): void => this.sweep(), this.interval * 1_000).unref();
    let startupTime: NodeJS.Timeout | undefined;
    await Promise.race([ this.checking, new Promise((resolve): void => {
      startupTime = setTimeout(resolve, this.startupTime * 1_000);
    }) ]);
    clearTimeout(startupTime);
  }

  public async finalize(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.checking;
    await this.sweeping;
  }

  private async check(): Promise<void> {
    for (const pod of await this.lifecycle.unfinishedEndings()) {
      await this.pods.verify(pod);
    }
    for (let after = ''; ;) {
      const pods = await this.lifecycle.podsAfter(after, POD_BATCH);
      for (const pod of pods) {
        if (this.stopped) {
          return;
        }
        await this.verify(pod);
      }
      if (pods.length < POD_BATCH) {
        break;
      }
      after = pods.at(-1)!;
    }
    this.sweep();
  }

  /** Verifies a pod. On failure, its next use verifies it. */
  private async verify(pod: string): Promise<void> {
    try {
      await this.pods.verify(pod);
    } catch (error: unknown) {
      this.logger.error(`The pod ${pod} could not be verified: ${(error as Error).message}`);
    }
  }

  private sweep(): void {
    this.sweeping ??= this.sweepAll()
      .catch((error: unknown): void => {
        this.logger.error(`Freeing the space of ended data failed: ${(error as Error).message}`);
      })
      .finally((): void => {
        this.sweeping = undefined;
      });
  }

  private async sweepAll(): Promise<void> {
    while (!this.stopped && await this.lifecycle.sweep(ROW_BATCH)) {
      await nextTimeSlice();
    }
  }

  private async notifyOwner(container: string): Promise<void> {
    const pod = await this.pods.locate(container);
    if (pod !== undefined) {
      await this.notifier.gone(pod, container);
    }
  }
}
