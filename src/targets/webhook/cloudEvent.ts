import type { Event } from '../../event/Event';
import { eventUrl } from '../../event/Event';
import { readMembers } from '../../event/EventDocument';

/** Content type of a CloudEvent in structured mode. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=UTF-8';

/**
 * An event as a CloudEvent, in JSON text, with all members of the event's document.
 *
 * - `source` is the base URL of the producing pod, and `id` the event's UUID: together they identify the event.
 *   `eventurl`
 *   is its URL;
 * - `type` is the topic, `time` its acceptance, `subject` its subject;
 * - `authid` is the WebID of the publisher, with `authtype` `app_user`: absent for public publication;
 * - `recipients` and `participants` are WebIDs separated by spaces: `recipient` and `source` of the document;
 * - `eventtype` and `requestkey` are members of the document;
 * - `data` is the posted text, unchanged, as `application/json`; absent without data.
 *
 * U+FFFD replaces controls and noncharacters in attributes.
 *
 * The text is independent of its receiver and time, so that it can be created once for many deliveries.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/authcontext.md
 */
export function toCloudEvent(event: Event): string {
  const { values, data } = readMembers(event);
  const attributes = JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: event.pod,
    type: text(event.topic),
    subject: text(values.subject),
    time: new Date(event.published).toISOString(),
    ...event.publisher !== undefined && { authtype: 'app_user', authid: text(event.publisher) },
    recipients: list(values.recipient),
    participants: list(values.source),
    eventtype: text(values.eventType),
    requestkey: text(values.requestKey),
    eventurl: eventUrl(event),
    ...data !== undefined && { datacontenttype: 'application/json' },
  });
  return data === undefined ? attributes : `${attributes.slice(0, -1)},"data":${data}}`;
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system */
const NO_CHARACTER = /[\p{Cc}\p{Noncharacter_Code_Point}\p{Cs}]/gu;

/** A value of an attribute; absent if it is not text or empty, because CloudEvents forbids empty attributes. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replaceAll(NO_CHARACTER, '\uFFFD') : undefined;
}

function list(value: unknown): string | undefined {
  return text([ value ].flat().filter((item): boolean => typeof item === 'string').join(' '));
}
