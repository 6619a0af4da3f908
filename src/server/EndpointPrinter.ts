import type { PodList } from './ports';
import { Initializer } from '@solid/community-server';

/** Maximum number of pods that are printed. */
const MOST = 20;

/**
 * Prints, once the server is up, where it is and where each pod publishes and subscribes.
 */
export class EndpointPrinter extends Initializer {
  private readonly baseUrl: string;
  private readonly store: PodList;

  /**
   * @param baseUrl - The base URL of the server.
   * @param store - Knows the pods.
   */
  public constructor(baseUrl: string, store: PodList) {
    super();
    this.baseUrl = baseUrl;
    this.store = store;
  }

  public override async handle(): Promise<void> {
    const pods = await this.store.listPods('', MOST + 1);
    const lines = [ '', `  Solid server with events at ${this.baseUrl}` ];
    for (const pod of pods.slice(0, MOST)) {
      lines.push(
        '',
        `  ${pod}`,
        `    publish         POST ${pod}publish/`,
        `    external event  POST ${pod}__event`,
        `    subscribe       POST ${pod}subscriptions/`,
        `    inbox           GET  ${pod}inbox/`,
      );
    }
    if (pods.length > MOST) {
      lines.push('', '  … and so for each further pod');
    }
    if (pods.length === 0) {
      lines.push('', `  There is no pod yet: sign up at ${this.baseUrl}.account/`);
    }
    process.stdout.write(`${lines.join('\n')}\n\n`);
  }
}
