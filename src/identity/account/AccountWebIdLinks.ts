import TTLCache from '@isaacs/ttlcache';
import type { WebIdStore } from '../../css';
import type { WebIdLinks } from '../WebIdLinks';

/** Maximum number of cached answers, including those in flight. */
const MAX_ANSWERS = 10_000;

/**
 * Reads links to WebIDs from the account store of the server, and caches each answer for a few seconds.
 */
export class AccountWebIdLinks implements WebIdLinks {
  private readonly webIdStore: WebIdStore;
  private readonly answers: TTLCache<string, Promise<boolean>>;

  /**
   * @param webIdStore - Stores the links between accounts and WebIDs.
   * @param maxAge - Maximum age of a cached answer, in seconds. Default 2.
   */
  public constructor(webIdStore: WebIdStore, maxAge = 2) {
    this.webIdStore = webIdStore;
    this.answers = new TTLCache({ max: MAX_ANSWERS, ttl: maxAge * 1_000, checkAgeOnGet: true });
  }

  public async isLinked(account: string, webId: string): Promise<boolean> {
    // URLs contain no spaces, so the key is unambiguous.
    const name = `${webId} ${account}`;
    let answer = this.answers.get(name);
    if (!answer) {
      // The age counts from the start of the query, so that no answer is used longer.
      answer = this.webIdStore.isLinked(webId, account);
      this.answers.set(name, answer);
      answer.catch((): unknown => this.answers.delete(name));
    }
    return answer;
  }
}
