import { parseTopic, topicPath } from '../event/Topic';
import { nextTimeSlice } from '../event/timeSlices';
import { controlsInbox } from './consent';
import { EpochCache } from './EpochCache';
import { PERMISSION_AGE } from './permissionAge';
import type { Access, Audience, Follower, FollowerList, FollowerPlace, Readers } from './ports';

/** Number of subscriptions in one step of a count. */
const CHUNK = 2_000;
/** Maximum number of cached counts. */
const MAX_COUNTS = 10_000;

/**
 * Counts the subscriptions that would receive an event. Caches a count until access to the pod or its subscriptions
 * change, with a maximum age.
 *
 * The conditions are those of the fan-out: an enabled target, read access of the agent to the topic, and, for
 * unconfirmed consent, control of the inbox.
 */
export class EpochAudience implements Audience {
  private readonly store: FollowerList;
  private readonly readers: Readers;
  private readonly access: Access;
  /** Counts by the revision of the pod. Those named `any` stop after the first page with a subscription. */
  private readonly counts: EpochCache<number>;

  /**
   * @param store - Subscriptions of pods.
   * @param readers - Decides read access of many agents at once.
   * @param access - Decides control of inboxes.
   * @param maxAge - Maximum age of a count, in seconds. Default {@link PERMISSION_AGE}.
   */
  public constructor(store: FollowerList, readers: Readers, access: Access, maxAge: number = PERMISSION_AGE) {
    this.store = store;
    this.readers = readers;
    this.access = access;
    this.counts = new EpochCache(maxAge, MAX_COUNTS);
  }

  public async countOf(pod: string, topic: string): Promise<number> {
    const revision = await this.store.revisionOf(pod);
    return this.counts.fetch(`all ${pod} ${topic}`, revision, async(): Promise<number> => this.count(pod, topic, true));
  }

  public async hasAny(pod: string, topic: string): Promise<boolean> {
    const revision = await this.store.revisionOf(pod);
    const all = this.counts.get(`all ${pod} ${topic}`, revision);
    if (all !== undefined) {
      return all > 0;
    }
    return await this.counts.fetch(`any ${pod} ${topic}`, revision, async(): Promise<number> => {
      const count = await this.count(pod, topic, false);
      if (count === 0) {
        this.counts.set(`all ${pod} ${topic}`, revision, 0);
      }
      return count;
    }) > 0;
  }

  /** Counts all subscriptions, or stops after the first page with any. */
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

  private async takes({ agent, unconfirmedInbox }: Follower): Promise<boolean> {
    return unconfirmedInbox === undefined || controlsInbox(this.access, { agent }, unconfirmedInbox);
  }
}
