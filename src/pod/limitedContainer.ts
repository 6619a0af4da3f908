import type { Representation } from '../css';
import { BasicRepresentation, INTERNAL_QUADS, LDP, RDF, RepresentationMetadata, SOLID_META } from '../css';
import { DataFactory } from 'n3';
import { nextTimeSlice } from '../event/timeSlices';
import type { Entry, EntryStore } from './ports';
import type { TopicView } from './topicView';

/**
 * Reduces the backend's representation of a container to its types and links.
 *
 * Members, modification times, sizes and descriptions reveal resources outside a {@link TopicView}. Without a
 * modification time, the server creates no `ETag` and no `Last-Modified`.
 */
export function limitedContainer({ metadata, data }: Representation): Representation {
  data.destroy();
  const { identifier } = metadata;
  const limited = new RepresentationMetadata(identifier, INTERNAL_QUADS);
  const types = metadata.getAll(RDF.terms.type);
  limited.add(RDF.terms.type, types as never);
  limited.addQuads(metadata.quads(null, null, null, SOLID_META.terms.ResponseMetadata)
    .filter(({ predicate }): boolean => !predicate.equals(LDP.terms.contains)));
  const quads = types.map((type) => DataFactory.quad(identifier as never, RDF.terms.type, type as never));
  return new BasicRepresentation(quads, limited, INTERNAL_QUADS);
}

/**
 * Wraps the storage of entries so that listings contain only the entries of a view.
 *
 * Each page is full unless it is the last one. Entries outside the view are read in time slices.
 */
export function limitedEntries(events: Pick<EntryStore, 'listEntries'>, view: TopicView): Pick<EntryStore, 'listEntries'> {
  return {
    async listEntries(container, after, limit): Promise<Entry[]> {
      const shown: Entry[] = [];
      let place = after;
      for (;;) {
        const page = await events.listEntries(container, place, limit);
        shown.push(...page.filter(({ topic }): boolean => view.shows(topic)));
        if (page.length < limit || shown.length >= limit) {
          return shown.slice(0, limit);
        }
        place = page.at(-1)!.event;
        await nextTimeSlice();
      }
    },
  };
}
