import { getLoggerFor } from '../../css';
import { charge, chargedLater, COSTS } from '../../access/costs';
import type { Access } from '../../access/ports';
import { coversTopic, readableTopics } from '../../access/topicAccess';
import type { CloudEvent } from '../../event/cloudEvent';
import { cloudEventOf, toCloudEvent } from '../../event/cloudEvent';
import type { Event } from '../../event/Event';
import { eventDocument } from '../../event/Event';
import { costOf, isServedAsStored, READ_STORED, textOf } from '../../event/eventTasks';
import { TooMany } from '../../event/TooMany';
import { nextTimeSlice } from '../../event/timeSlices';
import { isCovered } from '../../event/TopicPattern';
import { agentWebId } from '../../identity/ServerAgent';
import type { Caller } from '../../identity/Caller';
import type { Work } from '../../work/Work';
import type { SlotOwner } from '../AgentSlots';
import { AgentSlots } from '../AgentSlots';
import type { StreamOutput } from '../Endpoint';
import { LimitedLog } from '../LimitedLog';
import type { ContainerWatch } from '../listing/ContainerWatch';
import type { ListedContainer } from '../listing/Listings';
import type { ListedItem, ListingPlace, ListingStore } from '../listing/ports';
import { ContainerTail } from './ContainerTail';
import { OpenStream } from './OpenStream';
import type { StreamQuery } from './parseStream';
import type { StreamMeter } from './ports';
import { StreamedItem } from './StreamedItem';
import { eventMessage } from './streamMessage';

/** Number of items that a stream reads at once. */
const STEP = 50;
/** Time between two checks of all streams, in milliseconds. */
const INTERVAL = 5_000;
/** Pause of a stream whose agent has no budget left, in milliseconds. */
const BUDGET_PAUSE = 1_000;
/** Time after which a client that was refused can try again, in seconds. */
const RETRY_AFTER = 60;

/**
 * Collaborators and limits of {@link Streams}.
 */
export interface StreamsArgs {
  /** Storage of listings. */
  store: ListingStore;
  /** Watches containers. */
  containers: ContainerWatch;
  /** Decides read access to topics. */
  access: Access;
  /** Reads events of earlier versions. */
  work: Work;
  /** Base URL of the server. */
  baseUrl: string;
  /** Receives the number of open streams. */
  meter?: StreamMeter;
  /** Maximum number of streams of one agent, or of the public for each pod and client address. Default 10. */
  maxPerAgent?: number;
  /** Maximum number of streams. Default 1,000. */
  maxStreams?: number;
  /** Maximum size of the text that a client has not received yet, in bytes. Default 262,144. */
  maxBuffer?: number;
}

/** A request for a stream that was accepted. */
export interface StreamRequest {
  readonly container: ListedContainer;
  readonly caller: Caller;
  readonly owner: SlotOwner;
  readonly query: StreamQuery;
  /** Expiry of the credential, in milliseconds since 1970. */
  readonly expires?: number;
  /** Checks that the credential is still valid. Throws an error with the reason if not. */
  readonly checkCredential: () => Promise<unknown>;
  /** Checks that the caller may still read the container. Throws an error with the reason if not. */
  readonly checkAccess: () => Promise<unknown>;
}

/** Items of a container after a position. */
interface StreamStep {
  readonly items: readonly StreamedItem[];
  readonly place: ListingPlace;
  readonly isEnd: boolean;
}

/**
 * Open streams of server-sent events.
 *
 * Streams at the same position of a container share the reads of its items. A stream that begins in the past is read
 * at the pace of its client; later, a client that does not read fast enough is disconnected. A position is the id of
 * each message, so a client that resumes misses nothing and gets nothing twice.
 */
export class Streams {
  protected readonly logger = getLoggerFor(this);
  private readonly failures = new LimitedLog((line): unknown => this.logger.error(line));
  private readonly store: ListingStore;
  private readonly containers: ContainerWatch;
  private readonly access: Access;
  private readonly work: Work;
  private readonly agent: string;
  private readonly meter?: StreamMeter;
  private readonly maxBuffer: number;
  private readonly slots: AgentSlots;
  private readonly streams = new Set<OpenStream>();
  private readonly tails = new Map<string, ContainerTail<StreamStep>>();
  private timer?: NodeJS.Timeout;
  private isStopped = false;

  /**
   * @param args - The collaborators and limits.
   */
  public constructor(args: StreamsArgs) {
    this.store = args.store;
    this.containers = args.containers;
    this.access = args.access;
    this.work = args.work;
    this.agent = agentWebId(args.baseUrl);
    this.meter = args.meter;
    this.maxBuffer = args.maxBuffer ?? 256 * 1_024;
    this.slots = new AgentSlots(args.maxPerAgent ?? 10, args.maxStreams ?? 1_000, {
      name: 'open streams',
      remedies: [ 'close one of them', 'use the JSON listing' ],
      retryAfter: RETRY_AFTER,
    });
  }

  /** Number of open streams. */
  public get count(): number {
    return this.slots.count;
  }

  /**
   * Takes the place of a stream.
   *
   * @returns A function that writes the stream until its end, and releases the place.
   *
   * @throws `TooMany` if its owner has too many streams, `Busy` if there are too many.
   */
  public open(request: StreamRequest): (output: StreamOutput) => Promise<void> {
    const release = this.slots.take(request.owner);
    this.meter?.streamsOpen(this.count);
    return async(output): Promise<void> => {
      try {
        await this.follow(request, output);
      } catch (error: unknown) {
        this.failures.log(`A stream of ${request.container.url} ended: ${(error as Error).message}`);
      } finally {
        release();
        this.meter?.streamsOpen(this.count);
      }
    };
  }

  /** Ends all streams. Later ones end at once. */
  public stop(): void {
    this.isStopped = true;
    clearInterval(this.timer);
    for (const stream of this.streams) {
      stream.end('the server stops');
    }
  }

  private async follow(request: StreamRequest, output: StreamOutput): Promise<void> {
    const { container: { url }, query: { from }} = request;
    const place = from === undefined ?
      await this.store.placeAtEnd(url) :
      typeof from === 'number' ? await this.store.placeAt(url, from) : from;
    const stream = new OpenStream(output, place, this.maxBuffer, request);
    const tail = this.tails.get(url) ??
      new ContainerTail(this.containers, url, async(at): Promise<StreamStep> => this.read(url, at));
    this.tails.set(url, tail);
    const leave = tail.join();
    this.streams.add(stream);
    this.timer ??= setInterval((): void => this.check(), INTERVAL).unref();
    try {
      stream.begin();
      if (this.isStopped) {
        stream.end('the server stops');
      }
      while (!stream.isEnded) {
        await this.step(request, stream, tail);
      }
    } finally {
      stream.end('the stream failed');
      this.streams.delete(stream);
      if (leave()) {
        this.tails.delete(url);
      }
      if (this.streams.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    }
  }

  /** Writes the next events of a stream, or waits for them. */
  private async step(request: StreamRequest, stream: OpenStream, tail: ContainerTail<StreamStep>): Promise<void> {
    const { version } = tail;
    const { items, place, isEnd } = stream.isLive ?
      await tail.next(stream.place) :
      await this.read(request.container.url, stream.place);
    // These costs are charged without refusal, which would end the stream.
    const wanted = await chargedLater(async(): Promise<ReadonlySet<StreamedItem>> => {
      await stream.check(items.length > 0);
      return this.wantedOf(request, items);
    });
    for (const item of items) {
      if (stream.isEnded) {
        return;
      }
      const text = wanted.has(item) ? await this.textOf(request.query, item) : undefined;
      if (text === undefined) {
        stream.pass(item.place);
      } else {
        await this.pay(stream);
        await stream.send(item.place, eventMessage(item.place, text));
      }
    }
    stream.pass(place);
    if (isEnd && stream.isLive) {
      await tail.changed(version, stream.signal);
    }
    stream.isLive ||= isEnd;
    await nextTimeSlice();
  }

  /** Charges an event to the agent of the stream. Without a budget, the stream pauses. */
  private async pay(stream: OpenStream): Promise<void> {
    while (!stream.isEnded) {
      try {
        charge(COSTS.listed);
        return;
      } catch (error: unknown) {
        if (!(error instanceof TooMany)) {
          throw error;
        }
        await stream.pause(BUDGET_PAUSE);
      }
    }
  }

  /** The items with a topic that the stream follows and the caller may read. */
  private async wantedOf(
    { container: { pod, isInbox }, caller, query: { patterns }}: StreamRequest,
    items: readonly StreamedItem[],
  ): Promise<ReadonlySet<StreamedItem>> {
    const topics = [ ...new Set(items.map(({ topic }): string => topic)) ]
      .filter((topic): boolean => isCovered(patterns, topic) && coversTopic(caller, topic));
    const readable = isInbox || topics.length === 0 ?
      new Set(topics) :
      await readableTopics(this.access, caller, pod, topics);
    return new Set(items.filter(({ topic }): boolean => readable.has(topic)));
  }

  private async textOf({ filters, format }: StreamQuery, item: StreamedItem): Promise<string | undefined> {
    if (filters) {
      const event = await item.filteredEvent(filters.readsData);
      if (!event || !filters.matches(event)) {
        return undefined;
      }
    }
    return item.textIn(format);
  }

  private async read(container: string, place: ListingPlace): Promise<StreamStep> {
    const step = await this.store.listStep(container, place, STEP, false);
    return { ...step, items: step.items.map((item): StreamedItem => this.toStreamed(item)) };
  }

  private toStreamed(item: ListedItem): StreamedItem {
    const { key, topic } = item.event!;
    return new StreamedItem(item, topic, {
      read: async(): Promise<Event | undefined> => (await this.store.listedEvent(key))?.event,
      convert: (event): CloudEvent => cloudEventOf(event, this.agent),
      write: async(event, format): Promise<string> =>
        format === 'cloudevents' ? toCloudEvent(event, this.agent) : this.documentOf(event),
    });
  }

  private async documentOf(event: Event): Promise<string> {
    return eventDocument(isServedAsStored(event) ?
      event :
      await this.work.run(READ_STORED, textOf(event), { ...costOf(event), isShared: true }));
  }

  private check(): void {
    for (const stream of this.streams) {
      void stream.check(false);
      stream.beat();
    }
  }
}
