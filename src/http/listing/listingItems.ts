import { membersOf, valueOf } from '../../event/json';
import type { Member } from '../../event/json';
import { timeSlicer } from '../../event/timeSlices';
import type { Task } from '../../work/Work';

/** Content of a listed event. */
export interface EventContent {
  /** Members of its document, as the text of one JSON object. */
  readonly members: string;
  /** WebID of the producer. */
  readonly instrument: string;
  /** Base URLs of pods that may have forwarded it, likely ones first. Empty for a pod's own events. */
  readonly forwarders: readonly string[];
}

/** A listed item with its content, as plain data that passes between threads. */
export interface ItemContent {
  /** URL of the item in the listed container. */
  readonly url: string;
  /** Time at which the item arrived, in milliseconds since 1970. */
  readonly time: number;
  readonly event?: EventContent;
  /** Text of a notification; absent for an event, and for a notification that exceeds the limit. */
  readonly text?: string;
}

/** Members that only this server sets. */
const RESERVED: ReadonlySet<string> =
  new Set([ '@context', '@id', 'timestamp', 'time', 'instrument', 'agent', 'originalRecipient' ]);

/** Task that writes the items of a page as a JSON array. Notifications that are no JSON objects are left out. */
export const WRITE_LISTING: Task<readonly ItemContent[], string> = {
  name: 'writeListing',
  run: async(items): Promise<string> => {
    const texts: string[] = [];
    const pause = timeSlicer();
    for (const item of items) {
      const text = item.event ? eventItem(item, item.event) : notificationItem(item);
      if (text !== undefined) {
        texts.push(text);
      }
      await pause();
    }
    return `[${texts.join(',')}]`;
  },
};

/**
 * Returns an event with the members that consumers of Yodata read. Its own members keep their texts.
 *
 * @see https://github.com/Yodata/real-estate
 */
function eventItem({ url, time }: ItemContent, { members: text, instrument, forwarders }: EventContent): string {
  const members = membersOf(text);
  const addressees = [ valueOf(members, 'recipient') ?? [], valueOf(members, 'source') ?? [] ].flat()
    .filter((addressee): addressee is string => typeof addressee === 'string');
  const recipient = members.get('recipient')?.value;
  return objectOf([
    ...stamp(url, time),
    member('instrument', instrument),
    member('agent', agentOf(addressees, forwarders) ?? instrument),
    ...recipient === undefined ? [] : [ `"originalRecipient":${recipient}` ],
    ...ownMembers(members),
  ]);
}

/** The addressee whose pod forwarded an event. An addressee that is a pod stands for its owner's usual WebID. */
function agentOf(addressees: readonly string[], forwarders: readonly string[]): string | undefined {
  if (forwarders.length === 0) {
    return undefined;
  }
  const pod = forwarders.find((url): boolean => addressees.some((addressee): boolean => addressee.startsWith(url)));
  const agent = pod === undefined ? addressees[0] : addressees.find((addressee): boolean => addressee.startsWith(pod));
  return agent?.endsWith('/') ? `${agent}profile/card#me` : agent;
}

/**
 * Returns a notification with its URL and time. Members that name a verified sender are left out, because nobody has
 * verified them. Its own `@id` becomes `id`.
 */
function notificationItem({ url, time, text }: ItemContent): string | undefined {
  if (text === undefined) {
    return objectOf(stamp(url, time));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  if (Array.isArray(value)) {
    return objectOf([ ...stamp(url, time), `"@graph":${text.trim()}` ]);
  }
  const members = membersOf(text);
  const id = members.get('@id')?.value;
  return objectOf([
    ...stamp(url, time),
    ...id === undefined || members.has('id') ? [] : [ `"id":${id}` ],
    ...ownMembers(members),
  ]);
}

function stamp(url: string, time: number): string[] {
  return [ member('@id', url), `"timestamp":${time}`, member('time', new Date(time).toISOString()) ];
}

function ownMembers(members: ReadonlyMap<string, Member>): string[] {
  return [ ...members ].filter(([ name ]): boolean => !RESERVED.has(name)).map(([ , { whole }]): string => whole);
}

function member(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

function objectOf(members: readonly string[]): string {
  return `{${members.join(',')}}`;
}
