import type { Finalizable } from '@solid/community-server';
import { getLoggerFor, Initializer } from '@solid/community-server';
import { nextTimeSlice } from '../event/timeSlices';
import type { PodDirectory } from '../pod/PodDirectory';
import type { PodHooks } from '../pod/PodHooks';
import type { PodLifecycle } from '../pod/PodLifecycle';
import type { OwnerNotifier } from './OwnerNotifier';

/** Pods that are read from the store, and rows that are looked at, at a time. */
const PODS = 100;
const ROWS = 500;

/**
 * Ends what is kept of pods that do not exist any more, in the server's primary process.
 *
 * At the start it looks at each registered pod: at as many as fit into `patience` before the server begins to answer,
 * and at the rest while it answers. From then on it frees the room of what has ended.
 */
export class PodCleanup extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly pods: PodDirectory;
  private readonly lifecycle: PodLifecycle;
  private readonly news: OwnerNotifier;
  private readonly hooks: PodHooks;
  private readonly interval: number;
  private readonly startupTime: number;
  private timer?: NodeJS.Timeout;
  private checking?: Promise<void>;
  private sweeping?: Promise<void>;
  private stopped = false;

  /**
   * @param pods - Knows the pods.
   * @param lifecycle - Ends what is kept of them.
   * @param news - Tells owners of containers that are gone.
   * @param hooks - Tells which these are.
   * @param interval - The time between two looks for what has ended, in seconds. Default 60.
   * @param startupTime - How long the start of the server waits for the pods to be looked at, in seconds. Default 2.
   */
  public constructor(
    pods: PodDirectory,
    lifecycle: PodLifecycle,
    news: OwnerNotifier,
    hooks: PodHooks,
    interval = 60,
    startupTime = 2,
  ) {
    super();
    this.pods = pods;
    this.lifecycle = lifecycle;
    this.news = news;
    this.hooks = hooks;
    this.interval = interval;
    this.startupTime = startupTime;
  }

  public override async handle(): Promise<void> {
    this.stopped = false;
    this.hooks.add({
      ended: async(): Promise<void> => this.sweep(),
      containerGone: async(container): Promise<void> => this.tell(container),
    });
    this.checking = this.check().catch((error: unknown): void => {
      this.logger.error(`Looking for pods that do not exist any more failed: ${(error as Error).message}`);
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
      const pods = await this.lifecycle.podsAfter(after, PODS);
      for (const pod of pods) {
        if (this.stopped) {
          return;
        }
        await this.verify(pod);
      }
      if (pods.length < PODS) {
        break;
      }
      after = pods.at(-1)!;
    }
    this.sweep();
  }

  /** A pod that cannot be looked at now is looked at when it is used. */
  private async verify(pod: string): Promise<void> {
    try {
      await this.pods.verify(pod);
    } catch (error: unknown) {
      this.logger.error(`Whether the pod ${pod} still exists cannot be told now: ${(error as Error).message}`);
    }
  }

  private sweep(): void {
    this.sweeping ??= this.sweepAll()
      .catch((error: unknown): void => {
        this.logger.error(`Freeing the room of what has ended failed: ${(error as Error).message}`);
      })
      .finally((): void => {
        this.sweeping = undefined;
      });
  }

  private async sweepAll(): Promise<void> {
    while (!this.stopped && await this.lifecycle.sweep(ROWS)) {
      await nextTimeSlice();
    }
  }

  private async tell(container: string): Promise<void> {
    const pod = await this.pods.locate(container);
    if (pod !== undefined) {
      await this.news.gone(pod, container);
    }
  }
}
