import type { EventDraft } from '../event/Event';
import { InvalidInput } from '../event/InvalidInput';
import { LIMITS } from '../event/limits';
import { timeSlicer } from '../event/timeSlices';
import type { Forward } from '../store/AcceptedEvent';
import type { NamedPods } from './ports';
import type { PublishRequest } from './PublishRequest';

/** Base URLs of the pods of this server, by the WebIDs of their owners. */
export type PodsByWebId = ReadonlyMap<string, string>;

/** The inbox of a pod for events that are addressed to its owner. */
export function podInbox(pod: string): string {
  return `${pod}inbox/`;
}

/** The recipients and sources of an event. */
export function addresseesOf({ recipients, sources }: EventDraft): string[] {
  return [ ...recipients, ...sources ];
}

/** The addressees of an event without a pod on this server. */
export function remoteAddressees(draft: EventDraft, pods: PodsByWebId): string[] {
  return addresseesOf(draft).filter((webId): boolean => !pods.has(webId));
}

/**
 * Limits the addressees on other servers, because each costs requests of its own.
 *
 * @param count - Their number, added up over the events of the request.
 *
 * @throws {@link InvalidInput} if there are too many.
 */
export function assertRemoteCount(count: number): void {
  if (count > LIMITS.remotePerRequest) {
    throw new InvalidInput(`The request has ${count} recipients and sources on other servers, each event counted, ` +
      `and at most ${LIMITS.remotePerRequest} are accepted: make several requests`);
  }
}

/**
 * Converts the WebIDs of a request to canonical form and removes duplicates.
 *
 * @throws {@link InvalidInput} for a WebID without a canonical form; the message names the accepted spelling.
 */
export async function canonicalRequest(pods: NamedPods, request: PublishRequest): Promise<PublishRequest> {
  const drafts: EventDraft[] = [];
  const pause = timeSlicer();
  for (const [ index, draft ] of request.drafts.entries()) {
    try {
      const recipients = new Set(draft.recipients.map((webId): string => pods.canonical(webId, 'recipient')));
      const sources = new Set(draft.sources.map((webId): string => pods.canonical(webId, 'source')));
      drafts.push({
        ...draft,
        recipients: [ ...recipients ],
        sources: [ ...sources ].filter((webId): boolean => !recipients.has(webId)),
      });
    } catch (error: unknown) {
      throw error instanceof InvalidInput && request.isArray ? error.at(index) : error;
    }
    await pause();
  }
  return { ...request, drafts };
}

/**
 * Finds the pods of the addressees of a request on this server.
 *
 * @throws {@link InvalidInput} for a WebID of this server without a pod.
 */
export async function findPods(
  pods: NamedPods,
  { drafts, isArray }: Pick<PublishRequest, 'drafts' | 'isArray'>,
): Promise<PodsByWebId> {
  const found = new Map<string, string>();
  const pause = timeSlicer();
  for (const [ index, draft ] of drafts.entries()) {
    await pause();
    for (const webId of addresseesOf(draft)) {
      if (!found.has(webId)) {
        const answer = await pods.podOf(webId);
        if ('pod' in answer) {
          found.set(webId, answer.pod);
        } else if (answer.reason === 'unknown') {
          const error = new InvalidInput(`Recipient ${webId} has no pod on this server`);
          throw isArray ? error.at(index) : error;
        }
      }
    }
  }
  return found;
}

/**
 * The pods that forward an event, each once.
 *
 * The pod of each addressee gets a copy in its inbox, also if it is the producing pod. A producing pod that forwards
 * without an addressee gets none.
 */
export function forwardsOf(
  draft: EventDraft,
  { pod: producer, toProducer }: Pick<PublishRequest, 'pod' | 'toProducer'>,
  pods: PodsByWebId,
): Forward[] {
  const addressed = new Set(addresseesOf(draft)
    .flatMap((webId): string[] => pods.has(webId) ? [ pods.get(webId)! ] : []));
  const forwards = [ ...addressed ].map((pod): Forward => ({ pod, inbox: podInbox(pod) }));
  return (toProducer || draft.toProducer) && !addressed.has(producer) ? [ ...forwards, { pod: producer }] : forwards;
}
