import TTLCache from '@isaacs/ttlcache';
import type { WebIdStore } from '@solid/community-server';
import type { WebIdLinks } from '../WebIdLinks';

/** Maximum number of answers, and of questions under way, that are remembered. */
const MAX_ANSWERS = 10_000;

/**
 * Asks the account store of the server, and remembers each answer for a few seconds.
 */
export class AccountWebIdLinks implements WebIdLinks {
  private readonly webIdStore: WebIdStore;
  private readonly answers: TTLCache<string, Promise<boolean>>;

  /**
   * @param webIdStore - Knows which WebIDs an account has.
   * @param maxAge - How long an answer is used, in seconds. Default 2.
   */
  public constructor(webIdStore: WebIdStore, maxAge = 2) {
    this.webIdStore = webIdStore;
    this.answers = new TTLCache({ max: MAX_ANSWERS, ttl: maxAge * 1_000, checkAgeOnGet: true });
  }

  public async isLinked(account: string, webId: string): Promise<boolean> {
    // No URL has a space.
    const name = `${webId} ${account}`;
    let answer = this.answers.get(name);
    if (!answer) {
      // Aged from before the question, so that no answer is used for longer.
      answer = this.webIdStore.isLinked(webId, account);
      this.answers.set(name, answer);
      answer.catch((): unknown => this.answers.delete(name));
    }
    return answer;
  }
}
