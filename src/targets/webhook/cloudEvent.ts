import type { Event } from '../../event/Event';
import { eventUrl } from '../../event/Event';
import { readMembers } from '../../event/EventDocument';

/** What a CloudEvent in structured mode is, as a content type. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=UTF-8';

/**
 * An event as a CloudEvent, in JSON text.
 *
 * It tells all that the event's document does:
 *
 * - `source` is the base URL of the producing pod, and `id` the event's UUID: together they name the event. `eventurl`
 *   is where it can be read;
 * - `type` is the topic, `time` when it was accepted, `subject` its subject;
 * - `authid` is the WebID of the publisher, with `authtype` `app_user`: absent if it was published in public;
 * - `recipients` and `participants` are WebIDs, with spaces between: what the document calls `recipient` and `source`;
 * - `eventtype` and `requestkey` are those of the document;
 * - `data` is the text that was posted, unchanged, as `application/json`; absent if there was none.
 *
 * What is no character for a CloudEvent (controls and noncharacters) is U+FFFD in the attributes.
 *
 * The text does not depend on who gets it or when, so it can be made once and sent to many.
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

/** A value of an attribute; absent if it is no text or empty, which CloudEvents does not allow. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replaceAll(NO_CHARACTER, '\uFFFD') : undefined;
}

function list(value: unknown): string | undefined {
  return text([ value ].flat().filter((item): boolean => typeof item === 'string').join(' '));
}
