import { Initializer } from '../css';
import { checkBaseUrl } from './baseUrl';

/**
 * Aborts the startup of a server with an unusable base URL, before anything is written.
 */
export class BaseUrlCheck extends Initializer {
  private readonly baseUrl: string;

  /**
   * @param baseUrl - Base URL of the server.
   */
  public constructor(baseUrl: string) {
    super();
    this.baseUrl = baseUrl;
  }

  public override async handle(): Promise<void> {
    const problem = checkBaseUrl(this.baseUrl);
    if (problem !== undefined) {
      throw new Error(problem);
    }
  }
}
