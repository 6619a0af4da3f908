import { charge, chargedLater, COSTS } from './costs';
import { EpochCache } from './EpochCache';
import { PERMISSION_AGE } from './permissionAge';
import type { AccessEpochs, AccessScope, AccessScopes, Locator, Readers } from './ports';

/** Maximum number of cached answers, of all resources together. */
const MAX_ANSWERS = 200_000;
/** Maximum number of resources with a cached access scope. */
const MAX_SCOPES = 20_000;

/** Dependencies and limits of {@link EpochReaders}. */
export interface EpochReadersArgs {
  /** Decides read access of many agents at once. */
  source: Readers;
  /** Access epochs. */
  store: AccessEpochs;
  /** Returns the pod of a resource. */
  pods: Locator;
  /** Maximum age of an answer, in seconds. Default {@link PERMISSION_AGE}. */
  maxAge?: number;
  /** Groups resources with the same permissions. Without it, each resource is queried by itself. */
  scopes?: AccessScopes;
}

/**
 * Caches read access of agents for the access epoch of the pod, with a maximum age.
 *
 * As with {@link EpochAccess}, a change made through this server applies to the next query.
 */
export class EpochReaders implements Readers {
  private readonly source: Readers;
  private readonly store: AccessEpochs;
  private readonly pods: Locator;
  private readonly scopes?: AccessScopes;
  /** Answers by access scope, each by agent. The size of an entry is its number of answers. */
  private readonly known: EpochCache<Map<string, boolean>>;
  /** Access scopes by resource. Deliveries of one topic query the same resource. */
  private readonly knownScopes: EpochCache<AccessScope>;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: EpochReadersArgs) {
    this.source = args.source;
    this.store = args.store;
    this.pods = args.pods;
    this.scopes = args.scopes;
    this.known = new EpochCache(args.maxAge ?? PERMISSION_AGE, MAX_ANSWERS);
    this.knownScopes = new EpochCache(args.maxAge ?? PERMISSION_AGE, MAX_SCOPES);
  }

  public async readersOf(resource: string, agents: readonly string[]): Promise<ReadonlySet<string>> {
    // Requests share the counts of an audience.
    return chargedLater(async(): Promise<ReadonlySet<string>> => this.read(resource, agents));
  }

  private async read(resource: string, agents: readonly string[]): Promise<ReadonlySet<string>> {
    const pod = await this.pods.locate(resource);
    const epochOf = async(): Promise<number | undefined> => pod === undefined ? undefined : this.store.epochOf(pod);
    // Read before the answers, see EpochCache.
    let epoch = await epochOf();
    while (epoch !== undefined) {
      const knownScope = this.knownScopes.get(resource, epoch);
      const scope = knownScope ?? await this.scopeOf(resource, pod!, epoch);
      const answers = this.answersOf(scope.name, epoch);
      const unknown = agents.filter((agent): boolean => !answers.has(agent));
      let readers: ReadonlySet<string> = new Set();
      if (unknown.length > 0) {
        charge(COSTS.accessQuery);
        readers = await this.source.readersOf(scope.resource, unknown);
        // An entry above the size of the cache would not be kept at all.
        for (const agent of unknown.slice(0, Math.max(0, MAX_ANSWERS - answers.size))) {
          answers.set(agent, readers.has(agent));
        }
        if (this.known.get(scope.name, epoch) === answers) {
          this.known.set(scope.name, epoch, answers, answers.size);
        }
      }
      // If access has changed in the meantime, the answers are read again: the change may be acknowledged already.
      const now = unknown.length > 0 || !knownScope ? await epochOf() : epoch;
      if (now === epoch) {
        return new Set(agents.filter((agent): boolean => answers.get(agent) ?? readers.has(agent)));
      }
      epoch = now;
    }
    return this.source.readersOf(resource, agents);
  }

  private async scopeOf(resource: string, pod: string, epoch: number): Promise<AccessScope> {
    const found = await this.scopes?.scopesOf([ resource ], pod, epoch);
    const scope = found?.get(resource) ?? { name: resource, resource };
    this.knownScopes.set(resource, epoch, scope);
    return scope;
  }

  private answersOf(scope: string, epoch: number): Map<string, boolean> {
    const known = this.known.get(scope, epoch);
    if (known) {
      return known;
    }
    const answers = new Map<string, boolean>();
    this.known.set(scope, epoch, answers);
    return answers;
  }
}
