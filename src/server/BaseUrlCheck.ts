import { Initializer } from '@solid/community-server';
import { checkBaseUrl } from './baseUrl';

/**
 * Ends the start of a server whose base URL cannot be used, before it writes anything.
 */
export class BaseUrlCheck extends Initializer {
  private readonly baseUrl: string;

  /**
   * @param baseUrl - The base URL of the server.
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
