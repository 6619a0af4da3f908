import type { ResourceIdentifier } from '../css';
import {
  DC,
  LDP,
  PREFERRED_PREFIX_TERM,
  RDF,
  RepresentationMetadata,
  SOLID_META,
  XSD,
} from '../css';
import type { Literal } from 'n3';
import { DataFactory } from 'n3';
import { JSON_LD } from '../event/mediaTypes';
import type { Event } from '../event/Event';
import { AS, EVENTS, SCHEMA } from '../event/vocabulary';

const { namedNode, literal } = DataFactory;

/** Returns a time, in milliseconds since 1970, as an `xsd:dateTime` literal. */
export function dateTime(milliseconds: number): Literal {
  return literal(new Date(milliseconds).toISOString(), XSD.terms.dateTime);
}

/**
 * Returns the resource metadata of an event or copy: type, modification time and preferred prefixes.
 */
export function eventMetadata(identifier: ResourceIdentifier, event: Event): RepresentationMetadata {
  const metadata = new RepresentationMetadata(identifier, JSON_LD);
  metadata.add(RDF.terms.type, LDP.terms.Resource);
  metadata.add(DC.terms.modified, dateTime(event.published));
  for (const [ prefix, namespace ] of Object.entries({ as: AS, schema: SCHEMA, events: EVENTS })) {
    metadata.addQuad(namedNode(namespace), PREFERRED_PREFIX_TERM, prefix, SOLID_META.terms.ResponseMetadata);
  }
  return metadata;
}

/**
 * Raises the modification time of a container's metadata to that of its entries.
 *
 * @param metadata - Metadata of the container.
 * @param modified - Time of the last change of its entries, in milliseconds since 1970.
 *
 * @returns The resulting modification time, in milliseconds since 1970.
 */
export function setModified(metadata: RepresentationMetadata, modified: number): number {
  const own = metadata.get(DC.terms.modified)?.value;
  if (own && Date.parse(own) >= modified) {
    return Date.parse(own);
  }
  metadata.set(DC.terms.modified, dateTime(modified));
  return modified;
}
