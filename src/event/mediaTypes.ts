/** @see https://www.rfc-editor.org/rfc/rfc8259#section-11 */
export const JSON_MEDIA_TYPE = 'application/json';
/** @see https://www.w3.org/TR/json-ld11/#iana-considerations */
export const JSON_LD = 'application/ld+json';
/** @see https://www.w3.org/TR/turtle/ */
export const TURTLE = 'text/turtle';
/** @see https://www.w3.org/TR/n-triples/ */
export const N_TRIPLES = 'application/n-triples';
/** @see https://www.w3.org/TR/n-quads/ */
export const N_QUADS = 'application/n-quads';
/** @see https://www.w3.org/TR/trig/ */
export const TRIG = 'application/trig';
/** @see https://w3c.github.io/N3/spec/ */
export const N3 = 'text/n3';
/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#3-envelope */
export const CLOUD_EVENT = 'application/cloudevents+json';
/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format */
export const CLOUD_EVENT_BATCH = 'application/cloudevents-batch+json';

/** @see https://www.w3.org/TR/activitystreams-core/#media-type */
export const ACTIVITY_JSON = 'application/activity+json';
/**
 * JSON-LD in the JSON form of ActivityStreams, which is equivalent to {@link ACTIVITY_JSON}.
 *
 * @see https://www.w3.org/TR/activitystreams-core/#media-type
 */
export const ACTIVITY_LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';

/** Whether a media type is JSON, or a format based on JSON. */
export function isJsonType(type: string): boolean {
  return type === JSON_MEDIA_TYPE || type.endsWith('+json');
}
