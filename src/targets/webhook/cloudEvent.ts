import { attributeText, givenAttributes } from '../../event/cloudEvents';
import type { Event } from '../../event/Event';
import { eventUrl } from '../../event/Event';
import { readMembers } from '../../event/EventDocument';

/** Content type of a CloudEvent in structured mode, spelled as `cloudevents` (npm) compares it. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * An event as a CloudEvent, in JSON text, with all members of the event's document.
 *
 * - `source` is the base URL of the producing pod, and `id` the event's UUID: together they identify the event.
 *   `eventurl`
 *   is its URL;
 * - `type` is the type that its producer gave, with the topic as `topic`; without one it is the topic;
 * - `time` is the time that its producer gave, otherwise its acceptance; `subject` is its subject;
 * - `dataschema` and extension attributes that its producer gave are kept;
 * - `authid` is the WebID of the publisher, with `authtype` `system` for the server's own agent and `app_user` for
 *   others: absent for public publication;
 * - `recipients` and `participants` are WebIDs separated by spaces: `recipient` and `source` of the document;
 * - `eventtype` and `requestkey` are members of the document;
 * - `data` is the posted text, unchanged, as `application/json`; absent without data.
 *
 * U+FFFD replaces controls and noncharacters in attributes.
 *
 * The text is independent of its receiver and time, so that it can be created once for many deliveries.
 *
 * @param event - The event.
 * @param agent - WebID of the server's own agent. Default: none.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/authcontext.md
 */
export function toCloudEvent(event: Event, agent?: string): string {
  const { values, data } = readMembers(event);
  const { type, time, dataschema, extensions } = givenAttributes(values);
  const attributes = JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: event.pod,
    type: type ?? attributeText(event.topic),
    subject: attributeText(values.subject),
    time: time ?? new Date(event.published).toISOString(),
    dataschema,
    ...type !== undefined && type !== attributeText(event.topic) && { topic: attributeText(event.topic) },
    ...event.publisher !== undefined && {
      authtype: event.publisher === agent ? 'system' : 'app_user',
      authid: attributeText(event.publisher),
    },
    recipients: list(values.recipient),
    participants: list(values.source),
    eventtype: attributeText(values.eventType),
    requestkey: attributeText(values.requestKey),
    eventurl: eventUrl(event),
    ...extensions,
    ...data !== undefined && { datacontenttype: 'application/json' },
  });
  return data === undefined ? attributes : `${attributes.slice(0, -1)},"data":${data}}`;
}

function list(value: unknown): string | undefined {
  return attributeText([ value ].flat().filter((item): boolean => typeof item === 'string').join(' '));
}
