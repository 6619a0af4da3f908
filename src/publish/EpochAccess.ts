import TTLCache from '@isaacs/ttlcache';
import type { Caller } from '../identity/Caller';
import type { EventStore } from '../store/EventStore';
import type { Access, Locator, Mode } from './ports';

interface Answer {
  readonly epoch: number;
  readonly allowed: boolean;
}

/** How many answers are kept at most. */
const MOST_ANSWERS = 100_000;

/**
 * Remembers who may do what for as long as access to the pod stands.
 *
 * An answer holds for the access epoch of the pod in which it was read, and for a limited time,
 * so a change made by any request to this server is in force for the next question,
 * and a change made behind the server's back after that time at most.
 */
export class EpochAccess implements Access {
  private readonly source: Access;
  private readonly store: EventStore;
  private readonly pods: Locator;
  private readonly answers: TTLCache<string, Answer>;

  /**
   * @param source - Reads the answers.
   * @param store - Knows the epochs.
   * @param pods - Tells in which pod a resource lies.
   * @param maxAge - How long an answer is used at most, in seconds. Default 60.
   */
  public constructor(source: Access, store: EventStore, pods: Locator, maxAge = 60) {
    this.source = source;
    this.store = store;
    this.pods = pods;
    this.answers = new TTLCache({ max: MOST_ANSWERS, ttl: maxAge * 1_000, checkAgeOnGet: true });
  }

  public async allowed(
    caller: Caller,
    resources: readonly string[],
    mode: Mode,
  ): Promise<ReadonlySet<string>> {
    const who = [ caller.agent, caller.client, caller.issuer ].join(' ');
    const keyOf = (resource: string): string => `${mode} ${resource} ${who}`;
    // Read before the answers are, so that none is kept for an epoch that is newer than itself.
    const epochs = new Map<string, number | undefined>();
    for (const resource of resources) {
      epochs.set(resource, await this.epochOf(resource));
    }
    const allowed = new Set<string>();
    const unknown: string[] = [];
    for (const resource of resources) {
      const answer = this.answers.get(keyOf(resource));
      if (!answer || answer.epoch !== epochs.get(resource)) {
        unknown.push(resource);
      } else if (answer.allowed) {
        allowed.add(resource);
      }
    }
    const read = unknown.length > 0 ? await this.source.allowed(caller, unknown, mode) : new Set();
    for (const resource of unknown) {
      const epoch = epochs.get(resource);
      if (epoch !== undefined) {
        this.answers.set(keyOf(resource), { epoch, allowed: read.has(resource) });
      }
      if (read.has(resource)) {
        allowed.add(resource);
      }
    }
    return allowed;
  }

  private async epochOf(resource: string): Promise<number | undefined> {
    const pod = await this.pods.locate(resource);
    return pod === undefined ? undefined : this.store.epochOf(pod);
  }
}
