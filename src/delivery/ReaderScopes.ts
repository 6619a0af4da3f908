import type { ReaderScope, ReaderScopeStore } from './ports';

/**
 * Limits of cached access decisions.
 */
export interface ReaderScopeLimits {
  /** Maximum number of decisions, each about one agent and one topic. */
  readonly answers: number;
  /** Maximum number of scopes, each of one topic. */
  readonly scopes: number;
}

interface Entry {
  readonly scope: ReaderScope;
  /** Time of its creation, in milliseconds since 1970. */
  readonly opened: number;
  answers: number;
}

/**
 * Caches access decisions about the readers of topics in scopes of the store.
 *
 * A scope ends with a change of access to the pod, at its maximum age, or when the cache is full.
 */
export class ReaderScopes {
  /** Scopes by resource, oldest first. */
  private readonly entries = new Map<string, Entry>();

  /**
   * @param store - Storage of scopes.
   * @param maxAge - Maximum age of a decision, in milliseconds.
   * @param limits - Limits of the cache.
   */
  public constructor(
    private readonly store: ReaderScopeStore,
    private readonly maxAge: number,
    private readonly limits: ReaderScopeLimits = { answers: 500_000, scopes: 2_000 },
  ) {}

  /**
   * Returns the scope of a topic's resource, with its cached decisions.
   *
   * @param pod - Base URL of the pod.
   * @param resource - URL of the resource whose access control decides.
   */
  public async get(pod: string, resource: string): Promise<ReaderScope> {
    const entry = this.entries.get(resource);
    return entry && Date.now() - entry.opened < this.maxAge ? entry.scope : this.renew(pod, resource);
  }

  /** Replaces the scope of a resource by an empty one, at the current access epoch of the pod. */
  public async renew(pod: string, resource: string): Promise<ReaderScope> {
    await this.remove(resource);
    const scope = await this.store.openScope(pod);
    this.entries.set(resource, { scope, opened: Date.now(), answers: 0 });
    await this.shrink();
    return scope;
  }

  /** Adds access decisions to a scope, by WebID. */
  public async learn(scope: ReaderScope, answers: ReadonlyMap<string, boolean>): Promise<void> {
    await this.store.learn(scope, answers);
    for (const entry of this.entries.values()) {
      if (entry.scope.id === scope.id) {
        entry.answers += answers.size;
      }
    }
  }

  private async remove(resource: string): Promise<void> {
    const entry = this.entries.get(resource);
    if (entry) {
      this.entries.delete(resource);
      await this.store.closeScope(entry.scope);
    }
  }

  /** Removes the oldest scopes, except the newest one, until the cache is within its limits. */
  private async shrink(): Promise<void> {
    let answers = [ ...this.entries.values() ].reduce((sum, entry): number => sum + entry.answers, 0);
    for (const [ resource, entry ] of [ ...this.entries ].slice(0, -1)) {
      const isWithinLimits = answers <= this.limits.answers && this.entries.size <= this.limits.scopes;
      if (isWithinLimits && Date.now() - entry.opened < this.maxAge) {
        return;
      }
      answers -= entry.answers;
      await this.remove(resource);
    }
  }
}
