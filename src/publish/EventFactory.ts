import type { Event, EventDraft } from '../event/Event';
import type { EventStamp } from '../event/EventClock';
import { eventClock } from '../event/EventClock';
import { createEvent } from '../event/EventDocument';
import { InvalidInput } from '../event/InvalidInput';
import { timeSlicer } from '../event/timeSlices';
import type { Task, Work } from '../work/Work';
import { INLINE_LENGTH } from '../work/Work';

/** Maximum length of data with JSON-LD keywords that is processed on the event loop, in UTF-16 code units. */
const INLINE_KEYWORDS_LENGTH = 512;
/** A key with a JSON-LD keyword, also an escaped one; a value with this form is taken for one too. */
const KEYWORD = /"@|\\u0040/iu;
const CONTEXT = /@context|\\u00/giu;

/** The drafts of one request, with their common properties. */
interface Drafts {
  readonly drafts: readonly EventDraft[];
  /** The base URL of the producing pod, ending in `/`. */
  readonly pod: string;
  /** The WebID of the publisher, if it is known. */
  readonly publisher?: string;
}

interface StampedDrafts extends Drafts {
  /** The ids and times of the events: one clock makes those of all threads. */
  readonly stamps: readonly EventStamp[];
}

/** Creates the events of drafts, or returns the fault of each that is invalid. */
export const CREATE_EVENTS: Task<StampedDrafts, (Event | string)[]> = {
  name: 'createEvents',
  run: async({ drafts, pod, publisher, stamps }, { contexts }): Promise<(Event | string)[]> => {
    const events: (Event | string)[] = [];
    const pause = timeSlicer();
    for (const [ index, draft ] of drafts.entries()) {
      await pause();
      try {
        events.push(await createEvent(draft, pod, publisher, contexts, stamps[index]));
      } catch (error: unknown) {
        if (!(error instanceof InvalidInput)) {
          throw error;
        }
        events.push(error.message);
      }
    }
    return events;
  },
};

/** The faults of invalid drafts, by their index. */
export const CHECK_DRAFTS: Task<StampedDrafts, [index: number, fault: string][]> = {
  name: 'checkDrafts',
  run: async(input, tools): Promise<[number, string][]> => (await CREATE_EVENTS.run(input, tools))
    .flatMap((event, index): [number, string][] => typeof event === 'string' ? [[ index, event ]] : []),
};

/**
 * Creates events; large or costly data is processed in a worker thread.
 *
 * Data up to 16 KiB in one request is processed inline. Data with JSON-LD keywords needs a JSON-LD processor, whose
 * cost does not follow from the length: at most 512 characters of it, with one context, are processed inline.
 */
export class EventFactory {
  private readonly work: Work;

  /**
   * @param work - Runs long tasks.
   */
  public constructor(work: Work) {
    this.work = work;
  }

  /**
   * Creates the events of drafts, in their order.
   *
   * @throws {@link InvalidInput} for the first draft that is invalid, with its index.
   */
  public async create(input: Drafts): Promise<Event[]> {
    return (await this.createEach(input)).map((event): Event => {
      if (event instanceof InvalidInput) {
        throw event;
      }
      return event;
    });
  }

  /** Creates the events of drafts, in their order, or the fault of each draft that is invalid, with its index. */
  public async createEach(input: Drafts): Promise<(Event | InvalidInput)[]> {
    const events = await this.work.run(CREATE_EVENTS, stamped(input), costOf(input));
    return events.map((event, index): Event | InvalidInput => typeof event === 'string' ? new InvalidInput(event, index) : event);
  }

  /** The faults of drafts that are invalid, by their index. */
  public async faultsOf(input: Drafts): Promise<ReadonlyMap<number, InvalidInput>> {
    return new Map((await this.work.run(CHECK_DRAFTS, stamped(input), costOf(input)))
      .map(([ index, fault ]): [number, InvalidInput] => [ index, new InvalidInput(fault) ]));
  }
}

/** Whether JSON text may have a key that begins with `@`, for which only a JSON-LD processor can tell its meaning. */
export function mayHaveKeywords(data: string): boolean {
  return KEYWORD.test(data);
}

function stamped(input: Drafts): StampedDrafts {
  return { ...input, stamps: input.drafts.map((): EventStamp => eventClock.next()) };
}

function costOf({ drafts }: Drafts): { readonly size: number; readonly isCostly: boolean } {
  const size = drafts.reduce((sum, { data = '' }): number => sum + data.length, 0);
  let [ keywords, contexts ] = [ 0, 0 ];
  for (const { data = '' } of size > INLINE_LENGTH ? [] : drafts) {
    if (mayHaveKeywords(data)) {
      keywords += data.length;
      contexts += data.match(CONTEXT)?.length ?? 0;
    }
  }
  return { size, isCostly: keywords > INLINE_KEYWORDS_LENGTH || contexts > 1 };
}
