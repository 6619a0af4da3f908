import { isDeepStrictEqual } from 'node:util';
import { InvalidInput } from '../event/InvalidInput';
import { parseJson } from '../event/json';
import { JSON_MEDIA_TYPE } from '../event/mediaTypes';
import type { Work } from '../work/Work';
import type { SubscriptionBody } from './parseSubscription';
import { READ_SUBSCRIPTION, subscriptionJob, toContent } from './parseSubscription';
import type { SubscribableTarget, SubscriptionContent } from './ports';
import type { Subscription } from './Subscription';
import { subscriptionMembers } from './subscriptionDocument';

/**
 * Media type of partial changes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export const MERGE_PATCH = 'application/merge-patch+json';

/** Body of a change: a complete subscription, or a merge patch. */
export interface ChangeBody extends Omit<SubscriptionBody, 'type'> {
  /** Its media type. */
  readonly type: SubscriptionBody['type'] | typeof MERGE_PATCH;
}

/** A JSON object. */
type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads the pattern and the filters that a change gives a subscription.
 *
 * @param body - The body, its media type and its base IRI.
 * @param subscription - The current subscription.
 * @param targets - Target kinds that agents can subscribe with, by name.
 * @param work - Runs costly reads.
 *
 * @throws {@link InvalidInput} with a malformed value, or the names of members that cannot change.
 */
export async function readChange(
  body: ChangeBody,
  subscription: Subscription,
  targets: ReadonlyMap<string, SubscribableTarget>,
  work: Work,
): Promise<SubscriptionContent> {
  const current = JSON.parse(JSON.stringify(subscriptionMembers(subscription, targets))) as JsonObject;
  const complete: SubscriptionBody = body.type === MERGE_PATCH ?
    { ...body, type: JSON_MEDIA_TYPE, text: JSON.stringify(patched(current, body.text)) } :
    { ...body, type: body.type };
  const { input, options } = subscriptionJob(complete, targets);
  const found = await work.run(READ_SUBSCRIPTION, input, options);
  const fixed = Object.entries(found.others)
    .filter(([ name, text ]): boolean =>
      !Object.hasOwn(current, name) || !isDeepStrictEqual(JSON.parse(text), current[name]))
    .map(([ name ]): string => name.slice(0, 100));
  // A patch can also remove members.
  const removed = body.type === MERGE_PATCH ?
    Object.keys(current).filter((name): boolean => !(name in found.others) && name !== 'topic' && name !== 'filters') :
    [];
  if (fixed.length + removed.length > 0) {
    throw new InvalidInput(`Only topic and filters of a subscription can change, not ${[ ...fixed, ...removed ].join(', ')}: ` +
      'end the subscription and make another one');
  }
  return toContent(found);
}

/** Applies a merge patch to the members of a subscription. */
function patched(current: JsonObject, text: string): unknown {
  const { value } = parseJson(text);
  if (!isObject(value)) {
    throw new InvalidInput('A change is a JSON object with topic, filters or both');
  }
  return merge(current, Object.fromEntries(Object.entries(value).filter(([ name ]): boolean => name !== '@context')));
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) {
    return patch;
  }
  const members = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [ name, value ] of Object.entries(patch)) {
    if (value === null) {
      members.delete(name);
    } else {
      members.set(name, merge(members.get(name), value));
    }
  }
  return Object.fromEntries(members);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
