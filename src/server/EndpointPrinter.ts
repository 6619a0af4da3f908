import type { PodList } from './ports';
import { Initializer } from '../css';

/** Maximum number of printed pods. */
const MAX_PODS = 20;

/**
 * Prints the base URL and the endpoints of each pod after startup.
 */
export class EndpointPrinter extends Initializer {
  private readonly baseUrl: string;
  private readonly store: PodList;

  /**
   * @param baseUrl - Base URL of the server.
   * @param store - Lists the pods.
   */
  public constructor(baseUrl: string, store: PodList) {
    super();
    this.baseUrl = baseUrl;
    this.store = store;
  }

  public override async handle(): Promise<void> {
    const pods = await this.store.listPods('', MAX_PODS + 1);
    const lines = [ '', `  Solid server with events at ${this.baseUrl}` ];
    for (const pod of pods.slice(0, MAX_PODS)) {
      lines.push(
        '',
        `  ${pod}`,
        `    publish         POST ${pod}publish/`,
        `    external event  POST ${pod}__event`,
        `    subscribe       POST ${pod}subscriptions/`,
        `    inbox           GET  ${pod}inbox/`,
      );
    }
    if (pods.length > MAX_PODS) {
      lines.push('', '  … and likewise for each further pod');
    }
    if (pods.length === 0) {
      lines.push('', `  No pods yet: sign up at ${this.baseUrl}.account/`);
    }
    process.stdout.write(`${lines.join('\n')}\n\n`);
  }
}
