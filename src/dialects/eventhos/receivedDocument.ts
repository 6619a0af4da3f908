import type { ReceivedEventDetail, ReceivedOutcome } from '../../catalogue/PublishedLog';
import type { Attempt } from '../../store/deliveries';
import type { LoggedEvent, Outcome } from '../../catalogue/RequestLog';
import { subscriptionUrl } from '../../subscription/Subscription';
import type { TargetKinds } from '../../delivery/TargetKinds';

/** Finds registered target kinds by their names. */
type KindFinder = Pick<TargetKinds, 'find'>;

/** The kind of outcomes in inboxes of this server, which are no deliveries. */
const COPY = 'copy';

/**
 * An event as the list of the log shows it. One of another dialect has neither system nor entry.
 *
 * @param event - The event.
 */
export function receivedItem({ id, topic, published, entry, request, states }: LoggedEvent): object {
  return {
    id,
    systemId: entry?.system ?? null,
    eventId: entry?.id ?? null,
    systemName: entry?.systemName ?? null,
    systemIdentifier: entry?.systemIdentifier ?? null,
    eventName: entry?.name ?? null,
    eventIdentifier: entry?.identifier ?? null,
    eventDescription: entry?.description ?? null,
    topic,
    received_request: request ?? null,
    receivedAt: new Date(published).toISOString(),
    // The front end of eventhos recognizes an event without contracts by this form.
    state: states.length === 0 ? [ null ] : states,
  };
}

/**
 * An event with its request and outcomes, in the terms of eventhos: a contract is a
 * subscription, an action is its target.
 *
 * @param pod - The base URL of the pod.
 * @param detail - The event.
 * @param kinds - The registered target kinds.
 * @param body - The event's data, as it is shown.
 */
export function receivedDocument(
  pod: string,
  { event, outcomes }: ReceivedEventDetail,
  kinds: KindFinder,
  body?: string,
): object {
  const { id, topic, published, entry, request } = event;
  return {
    receivedEvent: {
      id,
      received_at: new Date(published).toISOString(),
      received_request: { ...request, body },
      systemId: entry?.system ?? null,
      eventId: entry?.id ?? null,
      eventIdentifier: entry?.identifier ?? null,
      eventName: entry?.name ?? null,
      eventOperation: entry?.operation ?? null,
      eventDescription: entry?.description ?? null,
      topic,
    },
    executedEventContracts: outcomes.map((outcome): object => contractMembers(pod, outcome, kinds)),
  };
}

/**
 * The outcome of an event for one subscription or recipient, with the last request and response.
 *
 * @param pod - The base URL of the pod.
 * @param outcome - The outcome.
 * @param kinds - The registered target kinds.
 */
export function executionDocument(pod: string, outcome: ReceivedOutcome, kinds: KindFinder): object {
  const tries = outcome.attempts.map(responseMembers);
  return {
    receivedEventId: outcome.event,
    ...contractMembers(pod, outcome, kinds),
    request: { method: 'POST', url: shownUrl(outcome, kinds) },
    response: tries.at(-1) ?? responseWithoutAttempt(outcome),
    tries,
  };
}

function contractMembers(pod: string, outcome: Outcome, kinds: KindFinder): object {
  const { id, state, subscription, pattern, kind, isRepeated } = outcome;
  const url = shownUrl(outcome, kinds);
  return {
    detailId: id,
    state,
    attempts: isRepeated ? 1 : 0,
    isAborted: state === 'ended',
    contractId: subscription ?? null,
    contractIdentifier: subscription === undefined ? null : subscriptionUrl({ pod, id: subscription }),
    contractName: pattern ?? null,
    actionId: url,
    actionIdentifier: url,
    actionName: url,
    actionOperation: kind,
    actionDescription: kind === COPY ? 'A copy in an inbox of this server' : kinds.find(kind)?.description ?? kind,
  };
}

function responseMembers({ at, duration, status, reason }: Attempt): object {
  return {
    status: status ?? null,
    statusText: reason ?? null,
    startTime: new Date(at).toISOString(),
    endTime: new Date(at + duration).toISOString(),
  };
}

/** Response of a copy in an inbox of this server, which is not sent, or of a delivery before its first attempt. */
function responseWithoutAttempt({ state, published }: ReceivedOutcome): object {
  const time = new Date(published).toISOString();
  return state === 'processed' ?
    { status: 201, statusText: 'Created', startTime: time, endTime: time } :
    { status: null, statusText: state, startTime: time, endTime: null };
}

/** The URL of a target without its secrets; hidden if its kind is not registered, because it may have some. */
function shownUrl({ kind, url }: Outcome, kinds: KindFinder): string {
  return kind === COPY ? url : kinds.find(kind)?.displayUrl(url) ?? '****';
}
