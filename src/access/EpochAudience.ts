import { parseTopic, topicPath } from '../event/Topic';
import { nextTimeSlice } from '../event/timeSlices';
import { controlsInbox } from './consent';
import { EpochCache } from './EpochCache';
import { PERMISSION_AGE } from './permissionAge';
import type {
  Access,
  Audience,
  AudienceCount,
  AudienceMember,
  Follower,
  FollowerList,
  FollowerPlace,
  Readers,
} from './ports';

/** Number of subscriptions in one step of a count. */
const CHUNK = 2_000;
/** Maximum number of cached counts without filters. */
const MAX_COUNTS = 10_000;
/** Length of the filters of a count that takes the space of another count, in UTF-16 code units. */
const FILTERS_LENGTH = 256;

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
  /** Counts by the revision of the pod. Those named `any` stop at the first page with one without filters. */
  private readonly counts: EpochCache<AudienceCount>;

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
    this.counts = new EpochCache(maxAge, MAX_COUNTS, sizeOf);
  }

  public async countOf(pod: string, topic: string): Promise<AudienceCount> {
    const revision = await this.store.revisionOf(pod);
    return this.counts.fetch(`all ${pod} ${topic}`, revision, async(): Promise<AudienceCount> => this.count(pod, topic, true));
  }

  public async hasAny(pod: string, topic: string): Promise<boolean> {
    const revision = await this.store.revisionOf(pod);
    const all = this.counts.get(`all ${pod} ${topic}`, revision);
    if (all !== undefined) {
      return all.unfiltered > 0;
    }
    const { unfiltered } = await this.counts.fetch(`any ${pod} ${topic}`, revision, async(): Promise<AudienceCount> => {
      const count = await this.count(pod, topic, false);
      if (count.unfiltered === 0) {
        this.counts.set(`all ${pod} ${topic}`, revision, count);
      }
      return count;
    });
    return unfiltered > 0;
  }

  public async membersOf(pod: string, topic: string, limit: number): Promise<readonly AudienceMember[]> {
    const members: AudienceMember[] = [];
    for await (const page of this.pagesOf(pod, topic)) {
      members.push(...page.slice(0, limit - members.length)
        .map(({ id, filters }): AudienceMember => ({ id, ...filters !== undefined && { filters }})));
      if (members.length >= limit) {
        break;
      }
    }
    return members;
  }

  /** Counts all subscriptions, or stops after the first page with one without filters. */
  private async count(pod: string, topic: string, isWhole: boolean): Promise<AudienceCount> {
    let unfiltered = 0;
    const filtered = new Map<string, number>();
    for await (const page of this.pagesOf(pod, topic)) {
      for (const { filters } of page) {
        if (filters === undefined) {
          unfiltered += 1;
        } else {
          filtered.set(filters, (filtered.get(filters) ?? 0) + 1);
        }
      }
      if (unfiltered > 0 && !isWhole) {
        break;
      }
    }
    return { unfiltered, filtered };
  }

  /** Returns the subscriptions that would receive an event, in pages. */
  private async* pagesOf(pod: string, topic: string): AsyncGenerator<Follower[], void, undefined> {
    const resource = `${pod}${topicPath(parseTopic(topic))}`;
    let place: FollowerPlace | undefined;
    do {
      const { followers, next } = await this.store.followersOf(pod, topic, place, CHUNK);
      const agents = [ ...new Set(followers.map(({ agent }): string => agent)) ];
      const readers = agents.length > 0 ? await this.readers.readersOf(resource, agents) : new Set<string>();
      const page: Follower[] = [];
      for (const follower of followers) {
        if (readers.has(follower.agent) && await this.takes(follower)) {
          page.push(follower);
        }
      }
      yield page;
      place = next;
      if (place) {
        await nextTimeSlice();
      }
    } while (place);
  }

  private async takes({ agent, unconfirmedInbox }: Follower): Promise<boolean> {
    return unconfirmedInbox === undefined || controlsInbox(this.access, { agent }, unconfirmedInbox);
  }
}

function sizeOf({ filtered }: AudienceCount): number {
  const length = [ ...filtered.keys() ].reduce((sum, text): number => sum + text.length, 0);
  return 1 + Math.ceil(length / FILTERS_LENGTH);
}
