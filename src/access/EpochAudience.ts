import { parseTopic, topicPath } from '../event/Topic';
import { nextTimeSlice } from '../event/timeSlices';
import type { Access, Audience, Follower, FollowerList, FollowerPlace, Readers } from './ports';
import { controlsInbox } from './consent';

interface Count {
  /** The revision of the pod at which it was counted. */
  readonly state: number | undefined;
  /** When it was counted, in milliseconds since 1970. */
  readonly at: number;
  readonly count: number;
  /** Whether the count went on to the end, or stopped at the first one. */
  readonly isWhole: boolean;
}

/** How many subscriptions are looked at in one step, and how many counts are kept. */
const CHUNK = 2_000;
const MOST_COUNTS = 10_000;

/**
 * Counts who would get an event, and remembers it as long as neither access to the pod nor its subscriptions change.
 *
 * It asks for each subscriber what the fan-out would ask: whether the target takes events, whether the agent may read
 * the topic, and where that is in doubt, whether it still controls its inbox.
 */
export class EpochAudience implements Audience {
  private readonly store: FollowerList;
  private readonly readers: Readers;
  private readonly access: Access;
  private readonly maxAge: number;
  // In the order of their making, so the first is the oldest.
  private readonly counts = new Map<string, Count>();
  /** What is being counted, by what it is and at what state. */
  private readonly underWay = new Map<string, Promise<number>>();

  /**
   * @param store - Knows the subscriptions.
   * @param readers - Tells who among many may read a topic.
   * @param access - Tells who controls an inbox.
   * @param maxAge - How long a count is used at most, in seconds. Default 60.
   */
  public constructor(store: FollowerList, readers: Readers, access: Access, maxAge = 60) {
    this.store = store;
    this.readers = readers;
    this.access = access;
    this.maxAge = maxAge * 1_000;
  }

  public async countOf(pod: string, topic: string): Promise<number> {
    return this.find(pod, topic, true);
  }

  public async hasAny(pod: string, topic: string): Promise<boolean> {
    return await this.find(pod, topic, false) > 0;
  }

  private async find(pod: string, topic: string, isWhole: boolean): Promise<number> {
    const name = `${pod} ${topic}`;
    // Read before the subscriptions are, so that no count is kept for a state that is newer than itself.
    const state = await this.store.revisionOf(pod);
    const known = this.counts.get(name);
    if (known && known.state === state && Date.now() - known.at < this.maxAge && (known.isWhole || !isWhole)) {
      return known.count;
    }
    const task = `${isWhole} ${state} ${name}`;
    let counting = this.underWay.get(task);
    if (!counting) {
      counting = this.countAndKeep(pod, topic, isWhole, state).finally((): unknown => this.underWay.delete(task));
      this.underWay.set(task, counting);
    }
    return counting;
  }

  private async countAndKeep(pod: string, topic: string, isWhole: boolean, state: Count['state']): Promise<number> {
    const name = `${pod} ${topic}`;
    const at = Date.now();
    const count = await this.count(pod, topic, isWhole);
    this.counts.delete(name);
    if (this.counts.size >= MOST_COUNTS) {
      this.counts.delete(this.counts.keys().next().value!);
    }
    this.counts.set(name, { state, at, count, isWhole: isWhole || count === 0 });
    return count;
  }

  /** Counts all, or up to the first ones that are found. */
  private async count(pod: string, topic: string, isWhole: boolean): Promise<number> {
    const resource = `${pod}${topicPath(parseTopic(topic))}`;
    let count = 0;
    let place: FollowerPlace | undefined;
    do {
      const { followers, next } = await this.store.followersOf(pod, topic, place, CHUNK);
      const agents = [ ...new Set(followers.map(({ agent }): string => agent)) ];
      const readers = agents.length > 0 ? await this.readers.readersOf(resource, agents) : new Set<string>();
      for (const follower of followers) {
        if (readers.has(follower.agent) && await this.takes(follower)) {
          count += 1;
        }
      }
      place = isWhole || count === 0 ? next : undefined;
      if (place) {
        await nextTimeSlice();
      }
    } while (place);
    return count;
  }

  private async takes({ agent, doubtedInbox }: Follower): Promise<boolean> {
    return doubtedInbox === undefined || controlsInbox(this.access, { agent }, doubtedInbox);
  }
}
