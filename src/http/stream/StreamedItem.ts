import type { CloudEvent } from '../../event/cloudEvent';
import type { Event } from '../../event/Event';
import type { FilteredEvent } from '../../filter/Filter';
import type { ListedItem, ListingPlace } from '../listing/ports';
import type { StreamFormat } from './parseStream';

/** Reads and writes the event of an item. */
export interface ItemSource {
  /** Reads the event; `undefined` if it was removed. */
  readonly read: () => Promise<Event | undefined>;
  readonly convert: (event: Event) => CloudEvent;
  readonly write: (event: Event, format: StreamFormat) => Promise<string>;
}

/** An event of a container, with the texts that several streams share. */
export class StreamedItem {
  private event?: Promise<Event | undefined>;
  private readonly texts = new Map<StreamFormat, Promise<string | undefined>>();
  private attributes?: FilteredEvent['attributes'];
  private data: unknown;

  /**
   * @param item - The item.
   * @param topic - Its topic.
   * @param source - Reads and writes the event.
   */
  public constructor(
    private readonly item: ListedItem,
    public readonly topic: string,
    private readonly source: ItemSource,
  ) {}

  /** Position after the item. */
  public get place(): ListingPlace {
    return this.item.place;
  }

  /** Returns the event in a format; `undefined` if it was removed. */
  public async textIn(format: StreamFormat): Promise<string | undefined> {
    const found = this.texts.get(format) ?? this.write(format);
    this.texts.set(format, found);
    return found;
  }

  /** Returns the parts of the event that filters read; `undefined` if it was removed. */
  public async filteredEvent(withData: boolean): Promise<FilteredEvent | undefined> {
    const event = await this.read();
    if (!event) {
      return undefined;
    }
    if (!this.attributes || (withData && this.data === undefined)) {
      const { attributes, data } = this.source.convert(event);
      this.attributes = attributes;
      this.data = withData && data ? data.form === 'json' ? JSON.parse(data.text) : data.text : undefined;
    }
    return { attributes: this.attributes, data: this.data };
  }

  private async write(format: StreamFormat): Promise<string | undefined> {
    const event = await this.read();
    return event && this.source.write(event, format);
  }

  private async read(): Promise<Event | undefined> {
    this.event ??= this.source.read();
    return this.event;
  }
}
