import type { Quad } from '@rdfjs/types';
import type { ContextLoader } from '../event/ContextLoader';
import { quadInCurrentNamespace } from '../event/formerNamespace';
import { InvalidInput } from '../event/InvalidInput';
import { parseJson } from '../event/json';
import { JSON_LD, JSON_MEDIA_TYPE, TURTLE } from '../event/mediaTypes';
import { parseJsonLd, parseTurtle } from '../event/rdf';
import { isWebUrl } from '../url/webUrl';
import { EVENTS, LDP } from '../event/vocabulary';
import type { Task, Work } from '../work/Work';
import type { SubscriptionDraft } from './Subscription';
import { SUBSCRIPTION_CONTEXT } from './subscriptionDocument';
import { isTopicPattern } from '../event/TopicPattern';

/** The media types in which a subscription can be asked for. */
export const SUBSCRIPTION_TYPES = [ JSON_MEDIA_TYPE, JSON_LD, TURTLE ] as const;

/**
 * Reads what a client asks to follow.
 *
 * @param text - The body of the request.
 * @param type - Its media type.
 * @param base - What relative IRIs in it are relative to.
 * @param loader - Gives the contexts that JSON-LD may name.
 *
 * @throws {@link InvalidInput} that says what is missing or malformed.
 */
export async function parseSubscription(
  text: string,
  type: typeof SUBSCRIPTION_TYPES[number],
  base: string,
  loader: ContextLoader,
): Promise<SubscriptionDraft> {
  const { topic, inbox, webhook } = type === JSON_MEDIA_TYPE ?
    fromJson(text) :
    fromQuads(await toQuads(text, type, base, loader));
  if (topic === undefined || topic === '') {
    throw new InvalidInput('No topic found');
  }
  if (typeof topic !== 'string' || !isTopicPattern(topic)) {
    throw new InvalidInput('Invalid topic: follow a topic (realestate/contact#add), all its actions ' +
      '(realestate/contact), everything below (realestate/*) or everything (*)');
  }
  const isGiven = (value: unknown): boolean => value !== undefined && value !== '';
  if (isGiven(webhook)) {
    if (isGiven(inbox)) {
      throw new InvalidInput('Both inbox and webhook found; make one subscription for each');
    }
    if (typeof webhook !== 'string' || !isWebUrl(webhook) || webhook.includes('#')) {
      throw new InvalidInput('Invalid webhook: it is an absolute https URL without fragment');
    }
    return { pattern: topic, webhook };
  }
  if (!isGiven(inbox)) {
    throw new InvalidInput('No inbox found, nor a webhook');
  }
  if (typeof inbox !== 'string' || !isWebUrl(inbox) || inbox.includes('#')) {
    throw new InvalidInput('Invalid inbox: it is the absolute URL of a container, ending in /, or of an inbox on another server');
  }
  return { pattern: topic, inbox };
}

interface SubscriptionBody {
  readonly text: string;
  readonly type: typeof SUBSCRIPTION_TYPES[number];
  readonly base: string;
}

/** Reads what a client asks to follow, see {@link parseSubscription}. */
export const READ_SUBSCRIPTION: Task<SubscriptionBody, SubscriptionDraft> = {
  name: 'readSubscription',
  run: async({ text, type, base }, { contexts }): Promise<SubscriptionDraft> =>
    parseSubscription(text, type, base, contexts),
};

/** Longest JSON-LD that is read on the event loop, in UTF-16 code units: its cost does not follow from its length. */
const INLINE_JSON_LD_LENGTH = 1_024;

/**
 * Reads what a client asks to follow as {@link parseSubscription} does, off the event loop if that can take long.
 *
 * @param body - The body, its media type and its base IRI.
 * @param work - Runs what can take long.
 */
export async function readSubscription(body: SubscriptionBody, work: Work): Promise<SubscriptionDraft> {
  const size = body.text.length;
  const isCostly = body.type === JSON_LD && (size > INLINE_JSON_LD_LENGTH || body.text.split('@context').length > 2);
  return work.run(READ_SUBSCRIPTION, body, { size, isCostly });
}

interface Found {
  readonly topic?: unknown;
  readonly inbox?: unknown;
  readonly webhook?: unknown;
}

function fromJson(text: string): Found {
  const { value } = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('A subscription is a JSON object with topic and inbox, or topic and webhook');
  }
  return value;
}

async function toQuads(text: string, type: string, base: string, loader: ContextLoader): Promise<Quad[]> {
  if (type === JSON_LD) {
    parseJson(text);
  }
  try {
    const quads = type === JSON_LD ?
      await parseJsonLd(text, loader, base, SUBSCRIPTION_CONTEXT) :
      parseTurtle(text, base);
    return quads.map(quadInCurrentNamespace);
  } catch (error: unknown) {
    throw new InvalidInput(`The request body is not valid ${type}: ${(error as Error).message}`);
  }
}

function fromQuads(quads: readonly Quad[]): Found {
  const valueOf = (predicate: string): string | undefined => {
    const values = new Set(quads.filter((quad): boolean => quad.predicate.value === predicate)
      .map(({ object }): string => object.value));
    if (values.size > 1) {
      throw new InvalidInput(`More than one <${predicate}> found; make one request for each subscription`);
    }
    return [ ...values ][0];
  };
  return { topic: valueOf(`${EVENTS}topic`), inbox: valueOf(`${LDP}inbox`), webhook: valueOf(`${EVENTS}webhook`) };
}
