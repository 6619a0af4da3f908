import type { ResourceSet } from '../css';
import { getLoggerFor, Initializer } from '../css';
import type { EventHttpHandler } from '../http/EventHttpHandler';
import type { PodListeners } from '../pod/PodListeners';

/** Paths, relative to a pod, that endpoints can claim. */
const ENDPOINT_PATHS = [
  'subscriptions', 'publish', 'publish/check', 'publish/stream', 'deliveries', '__event', '__token', 'auth/token',
  'event', 'event/send', 'event/received', 'event/received/execution', 'system',
];

/**
 * Logs the resources of a pod that are hidden by endpoints, when the pod is set up.
 */
export class HiddenResourceReporter extends Initializer {
  protected readonly logger = getLoggerFor(this);
  private readonly handler: EventHttpHandler;
  private readonly listeners: PodListeners;
  private readonly resources: ResourceSet;
  private readonly baseUrl: string;

  /**
   * @param handler - Decides whether an endpoint claims a URL.
   * @param listeners - Reports pods that are set up.
   * @param resources - Resources of the server.
   * @param baseUrl - Base URL of the server.
   */
  public constructor(handler: EventHttpHandler, listeners: PodListeners, resources: ResourceSet, baseUrl: string) {
    super();
    this.handler = handler;
    this.listeners = listeners;
    this.resources = resources;
    this.baseUrl = baseUrl;
  }

  public override async handle(): Promise<void> {
    this.listeners.add({ settingUp: async(pod): Promise<void> => this.report(pod) });
  }

  private async report(pod: string): Promise<void> {
    const hidden: string[] = [];
    for (const url of this.candidates(pod)) {
      if (this.handler.isClaimed(url, pod) && await this.resources.hasResource({ path: url })) {
        hidden.push(url);
      }
    }
    for (const url of hidden) {
      this.logger.warn(`The resource ${url} is hidden by an endpoint; to make it accessible, remove the endpoint's ` +
        'part from the configuration');
    }
  }

  private candidates(pod: string): string[] {
    const name = pod.split('/').at(-2);
    return [ ...ENDPOINT_PATHS.map((path): string => pod + path), `${this.baseUrl}v1/${name}/events/check` ]
      .flatMap((url): string[] => [ url, `${url}/` ]);
  }
}
