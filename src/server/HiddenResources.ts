import type { ResourceSet } from '@solid/community-server';
import { getLoggerFor, Initializer } from '@solid/community-server';
import type { EventHttpHandler } from '../http/EventHttpHandler';
import type { PodHooks } from '../pod/PodHooks';

/** The paths in a pod, and on the server, that endpoints can claim. */
const PATHS = [
  'subscriptions/', 'subscriptions', 'publish', 'publish/check', 'deliveries/', 'deliveries', '__event', '__token', 'auth/token',
  'event', 'event/send', 'event/received', 'event/received/execution', 'system',
];

/**
 * Logs each resource of a pod that an endpoint hides, when the pod is set up.
 */
export class HiddenResources extends Initializer {
  protected readonly logger = getLoggerFor(this);
  private readonly handler: EventHttpHandler;
  private readonly hooks: PodHooks;
  private readonly resources: ResourceSet;
  private readonly baseUrl: string;

  /**
   * @param handler - Knows which URLs endpoints claim.
   * @param hooks - Tells which pods are set up.
   * @param resources - The resources of the server.
   * @param baseUrl - The base URL of the server.
   */
  public constructor(handler: EventHttpHandler, hooks: PodHooks, resources: ResourceSet, baseUrl: string) {
    super();
    this.handler = handler;
    this.hooks = hooks;
    this.resources = resources;
    this.baseUrl = baseUrl;
  }

  public override async handle(): Promise<void> {
    this.hooks.add({ settingUp: async(pod): Promise<void> => this.report(pod) });
  }

  private async report(pod: string): Promise<void> {
    const hidden: string[] = [];
    for (const url of this.candidates(pod)) {
      if (this.handler.isClaimed(url, pod) && await this.resources.hasResource({ path: url })) {
        hidden.push(url);
      }
    }
    for (const url of hidden) {
      this.logger.warn(`The resource ${url} is hidden by an endpoint: it is there again when the part of the ` +
        'configuration with that endpoint is left out');
    }
  }

  private candidates(pod: string): string[] {
    const name = pod.split('/').at(-2);
    return [ ...PATHS.map((path): string => pod + path), `${this.baseUrl}v1/${name}/events/check` ];
  }
}
