import type { ReaderScope, ReaderScopeStore } from './ports';

/** How much is kept at a time at most. */
export interface ReaderBounds {
  /** Answers, each about one agent and one topic. */
  readonly answers: number;
  /** Topics for which answers are kept. */
  readonly scopes: number;
}

interface Kept {
  readonly scope: ReaderScope;
  readonly made: number;
  answers: number;
}

/**
 * What is known of who may receive which topic of which pod: kept while access to the pod stands,
 * for a limited time, and within a limited memory.
 */
export class ReaderScopes {
  // In the order of their making, so the first is the oldest.
  private readonly kept = new Map<string, Kept>();

  /**
   * @param store - Holds the answers.
   * @param maxAge - How long an answer is used at most, in milliseconds.
   * @param most - How much is kept at a time.
   */
  public constructor(
    private readonly store: ReaderScopeStore,
    private readonly maxAge: number,
    private readonly most: ReaderBounds = { answers: 500_000, scopes: 2_000 },
  ) {}

  /**
   * The scope of a topic's resource, with the answers that still hold.
   *
   * @param pod - The base URL of the pod.
   * @param resource - The URL of the resource whose access control decides.
   */
  public async get(pod: string, resource: string): Promise<ReaderScope> {
    const kept = this.kept.get(resource);
    return kept && Date.now() - kept.made < this.maxAge ? kept.scope : this.renew(pod, resource);
  }

  /** A scope without answers, at the pod's access epoch of now. */
  public async renew(pod: string, resource: string): Promise<ReaderScope> {
    await this.forget(resource);
    const scope = await this.store.openScope(pod);
    this.kept.set(resource, { scope, made: Date.now(), answers: 0 });
    await this.shrink();
    return scope;
  }

  /** Adds answers to a scope. */
  public async learn(scope: ReaderScope, answers: ReadonlyMap<string, boolean>): Promise<void> {
    await this.store.learn(scope, answers);
    for (const kept of this.kept.values()) {
      if (kept.scope.id === scope.id) {
        kept.answers += answers.size;
      }
    }
  }

  private async forget(resource: string): Promise<void> {
    const kept = this.kept.get(resource);
    if (kept) {
      this.kept.delete(resource);
      await this.store.closeScope(kept.scope);
    }
  }

  /** Forgets the oldest scopes, but for the one just made, until what is kept is within the bounds. */
  private async shrink(): Promise<void> {
    let answers = [ ...this.kept.values() ].reduce((sum, kept): number => sum + kept.answers, 0);
    for (const [ resource, kept ] of [ ...this.kept ].slice(0, -1)) {
      if (answers <= this.most.answers && this.kept.size <= this.most.scopes && Date.now() - kept.made < this.maxAge) {
        return;
      }
      answers -= kept.answers;
      await this.forget(resource);
    }
  }
}
