import { LRUCache } from 'lru-cache';
import type { CloudEvent } from '../event/cloudEvent';
import { cloudEventOf } from '../event/cloudEvent';
import type { Event } from '../event/Event';
import { timeSlicer } from '../event/timeSlices';
import type { FilteredEvent, Filters } from '../filter/Filter';
import { parseFilters } from '../filter/parseFilters';
import { agentWebId } from '../identity/ServerAgent';
import { TooComplex } from '../work/errors';
import type { Task, Work } from '../work/Work';

/** Decides which filters an event matches. */
export interface EventFilters {
  /**
   * Returns the filters that an event matches. Each distinct text is evaluated once.
   *
   * @param event - The event.
   * @param filters - Canonical texts of filters.
   */
  matching: (event: Event, filters: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** Parts of an event that filters read. */
type MatchedEvent = Pick<Event, 'id' | 'members' | 'pod' | 'published' | 'publisher' | 'topic'>;

interface MatchInput {
  readonly event: MatchedEvent;
  /** WebID of the server's own agent. */
  readonly agent: string;
  /** Canonical texts of filters. */
  readonly filters: readonly string[];
}

/** Maximum number of parsed filters that a thread caches. */
const MAX_PARSED = 2_000;
/** Maximum number of filters that one job evaluates. */
const CHUNK = 50;

const parsed = new LRUCache<string, Filters>({ max: MAX_PARSED });

/** Task that returns, for each of some filters, whether an event matches. */
export const MATCH_FILTERS: Task<MatchInput, boolean[]> = {
  name: 'matchFilters',
  run: async({ event, agent, filters }): Promise<boolean[]> => {
    const found = filters.map(parsedFilters);
    const readsData = found.some((each): boolean => each?.readsData ?? false);
    const filtered = filteredEvent(cloudEventOf(event, agent), readsData);
    const results: boolean[] = [];
    const pause = timeSlicer();
    for (const each of found) {
      await pause();
      results.push(each?.matches(filtered) ?? false);
    }
    return results;
  },
};

/**
 * Evaluates the filters of subscriptions over the CloudEvents form of events, in a worker thread if data or filters are
 * large.
 *
 * An event does not match filters whose evaluation exceeds a limit.
 */
export class FilterMatcher implements EventFilters {
  private readonly work: Work;
  private readonly agent: string;

  /**
   * @param work - Evaluates filters of large events.
   * @param baseUrl - Base URL of the server; the WebID of its agent is an attribute of its events.
   */
  public constructor(work: Work, baseUrl: string) {
    this.work = work;
    this.agent = agentWebId(baseUrl);
  }

  public async matching(event: Event, filters: readonly string[]): Promise<ReadonlySet<string>> {
    const distinct = [ ...new Set(filters) ];
    const matching = new Set<string>();
    for (let index = 0; index < distinct.length; index += CHUNK) {
      const chunk = distinct.slice(index, index + CHUNK);
      const results = await this.evaluate(event, chunk);
      chunk.filter((_, at): boolean => results[at]).forEach((text): unknown => matching.add(text));
    }
    return matching;
  }

  private async evaluate(event: Event, filters: readonly string[]): Promise<readonly boolean[]> {
    const { id, pod, topic, publisher, published, members } = event;
    const input = { event: { id, pod, topic, publisher, published, members }, agent: this.agent };
    const run = async(some: readonly string[]): Promise<boolean[]> => {
      const size = some.reduce((sum, text): number => sum + text.length, members.length);
      return this.work.run(MATCH_FILTERS, { ...input, filters: some }, { size });
    };
    try {
      return await run(filters);
    } catch (error: unknown) {
      if (!(error instanceof TooComplex)) {
        throw error;
      }
      const results: boolean[] = [];
      for (const filter of filters.length === 1 ? [] : filters) {
        results.push((await this.evaluate(event, [ filter ]))[0]);
      }
      return filters.length === 1 ? [ false ] : results;
    }
  }
}

/** Parses filters. Texts that are not valid, after a move of the server for instance, match no event. */
function parsedFilters(text: string): Filters | undefined {
  let filters = parsed.get(text);
  if (!filters) {
    try {
      filters = parseFilters(JSON.parse(text));
    } catch {
      return undefined;
    }
    parsed.set(text, filters);
  }
  return filters;
}

function filteredEvent({ attributes, data }: CloudEvent, readsData: boolean): FilteredEvent {
  const text = readsData ? data?.text : undefined;
  return { attributes, data: text !== undefined && data?.form === 'json' ? JSON.parse(text) as unknown : text };
}
