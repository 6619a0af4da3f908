import type { ReceivedEventDetail } from '../../catalogue/PublishedLog';
import type { Attempt } from '../../store/deliveries';
import type { LoggedEvent, Outcome } from '../../catalogue/RequestLog';
import { subscriptionUrl } from '../../subscription/Subscription';
import { maskedUrl } from './maskedRecord';

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
    state: states,
  };
}

/**
 * An event with its request and outcomes, in the terms of eventhos: a contract is a
 * subscription, an action is its target.
 *
 * @param pod - The base URL of the pod.
 * @param detail - The event.
 * @param body - The event's data, as it is shown.
 */
export function receivedDocument(pod: string, { event, outcomes }: ReceivedEventDetail, body?: string): object {
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
    executedEventContracts: outcomes.map((outcome): object => contractMembers(pod, outcome)),
  };
}

/**
 * The outcome of an event for one subscription or recipient, with the last request and response.
 *
 * @param pod - The base URL of the pod.
 * @param outcome - The outcome.
 */
export function executionDocument(pod: string, outcome: Outcome): object {
  const tries = outcome.attempts.map(responseMembers);
  return {
    receivedEventId: outcome.event,
    ...contractMembers(pod, outcome),
    // A copy in an inbox of this server is written, not sent.
    request: outcome.kind === 'copy' ? null : { method: 'POST', url: shownUrl(outcome) },
    response: tries.at(-1) ?? null,
    tries,
  };
}

function contractMembers(pod: string, outcome: Outcome): object {
  const { id, state, subscription, pattern, kind, attempts } = outcome;
  const url = shownUrl(outcome);
  return {
    detailId: id,
    state,
    attempts: attempts.length,
    isAborted: state === 'ended',
    contractId: subscription ?? null,
    contractIdentifier: subscription === undefined ? null : subscriptionUrl({ pod, id: subscription }),
    contractName: pattern ?? null,
    actionId: url,
    actionIdentifier: url,
    actionName: url,
    actionOperation: kind,
    actionDescription: DESCRIPTIONS[kind],
  };
}

const DESCRIPTIONS: Readonly<Record<Outcome['kind'], string>> = {
  copy: 'A copy in an inbox of this server',
  inbox: 'A copy in an inbox of another server',
  webhook: 'A request to a webhook',
  recipient: 'A copy in the inbox that the profile of a recipient names',
};

function responseMembers({ at, duration, status, reason }: Attempt): object {
  return {
    status: status ?? null,
    statusText: reason ?? null,
    startTime: new Date(at).toISOString(),
    endTime: new Date(at + duration).toISOString(),
  };
}

function shownUrl({ kind, url }: Outcome): string {
  return kind === 'webhook' ? maskedUrl(url) : url;
}
