import type { PodManager, PodSettings } from '@solid/community-server';
import { getLoggerFor } from '@solid/community-server';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { PodLifecycle } from './PodLifecycle';
import type { PodHooks } from './PodHooks';
import type { PodLayout } from './PodLayout';
import type { PodRegistrations } from './ports';

/**
 * Sets each new pod up for publish and subscribe, after another manager has created it.
 *
 * What is kept of an earlier pod of the same URL is ended first, so a new pod starts empty.
 */
export class EventPodManager implements PodManager {
  protected readonly logger = getLoggerFor(this);
  private readonly source: PodManager;
  private readonly layout: PodLayout;
  private readonly store: PodRegistrations;
  private readonly lifecycle: PodLifecycle;
  private readonly hooks: PodHooks;

  /**
   * @param source - Creates the pods.
   * @param layout - Sets a pod up.
   * @param store - Where pods are registered.
   * @param lifecycle - Ends what is kept of earlier pods.
   * @param hooks - Is told of that.
   */
  public constructor(
    source: PodManager,
    layout: PodLayout,
    store: PodRegistrations,
    lifecycle: PodLifecycle,
    hooks: PodHooks,
  ) {
    this.source = source;
    this.layout = layout;
    this.store = store;
    this.lifecycle = lifecycle;
    this.hooks = hooks;
  }

  public async createPod(settings: PodSettings, overwrite: boolean): Promise<void> {
    const pod = settings.base.path;
    await this.source.createPod(settings, overwrite);
    await this.layout.apply(pod, [ settings.webId ]);
    try {
      if (await this.lifecycle.endPod(pod)) {
        await this.hooks.ended(pod);
      }
      await this.store.registerPod(pod);
      await this.lifecycle.setRecord(pod, { isLaid: this.layout.enabled });
      this.logger.info(`Set up the pod ${pod}`);
    } catch (error: unknown) {
      // The pod exists. At its first use it is compared with what is kept of it, which ends if it is of another pod.
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
      this.logger.warn(`That the pod ${pod} is set up could not be stored: ${error.message}`);
    }
  }
}
