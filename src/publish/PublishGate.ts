import type { Access } from '../access/ports';
import { coversTopic } from '../access/topicAccess';
import type { EventDraft } from '../event/Event';
import { NotAuthorized } from '../event/NotAuthorized';
import { parseTopic, topicPath } from '../event/Topic';
import { timeSlicer } from '../event/timeSlices';
import { NotAdmitted } from './NotAdmitted';
import type { Admission, PublishRequest } from './PublishRequest';
import type { PodsByWebId } from './recipients';
import { addresseesOf } from './recipients';

/** An event with the pods of its addressees. */
export interface Addressed {
  readonly draft: EventDraft;
  readonly pods: PodsByWebId;
}

/** A recipient or source of an event to which the caller must not publish. */
export interface Refusal {
  readonly draft: EventDraft;
  readonly webId: string;
}

/**
 * Authorizes publish requests: `acl:Append` on the resource of the request, and on each topic in each recipient's pod.
 */
export class PublishGate {
  private readonly access: Access;

  /**
   * @param access - Decides access.
   */
  public constructor(access: Access) {
    this.access = access;
  }

  /**
   * Checks access to the resource of a request. The answer is cached under the access epoch, so that
   * {@link refusalsOf} does not query it again.
   *
   * @throws {@link NotAdmitted} if the caller lacks `acl:Append` on the resource.
   */
  public async admit(admission: Admission): Promise<void> {
    await this.allowedOf(admission, []);
  }

  /**
   * Checks access to the resource of a request and to the topics of its events, in one query.
   *
   * @param admission - The request.
   * @param events - The events, with the pods of their addressees.
   *
   * @returns For each event in order, the first addressee to which the caller must not publish, if any.
   *
   * @throws {@link NotAdmitted} if the caller lacks `acl:Append` on the resource of the request.
   *
   * @see https://solidproject.org/TR/wac#access-modes
   */
  public async refusalsOf(admission: Admission, events: readonly Addressed[]): Promise<(Refusal | undefined)[]> {
    // Most events of a request have the same topic.
    const paths = new Map<string, string>();
    const pause = timeSlicer();
    for (const { draft: { topic }} of events) {
      await pause();
      if (!paths.has(topic)) {
        paths.set(topic, topicPath(parseTopic(topic)));
      }
    }
    const resourceOf = (pod: string, { topic }: EventDraft): string => `${pod}${paths.get(topic)}`;
    const podsOf = ({ draft, pods }: Addressed): [webId: string, pod: string][] => [
      ...draft.toProducer ? [[ admission.pod, admission.pod ] as [string, string]] : [],
      ...addresseesOf(draft).flatMap((webId): [string, string][] =>
        pods.has(webId) ? [[ webId, pods.get(webId)! ]] : []),
    ];
    const topics = new Set<string>();
    for (const event of events) {
      await pause();
      for (const [ , pod ] of podsOf(event)) {
        topics.add(resourceOf(pod, event.draft));
      }
    }
    const allowed = await this.allowedOf(admission, topics);
    const refusals: (Refusal | undefined)[] = [];
    for (const event of events) {
      await pause();
      const { draft } = event;
      const refused = podsOf(event).find(([ , pod ]): boolean => !allowed.has(resourceOf(pod, draft)));
      refusals.push(refused && { draft, webId: refused[0] });
    }
    return refusals;
  }

  private async allowedOf(admission: Admission, topics: Iterable<string>): Promise<ReadonlySet<string>> {
    const { caller, resource } = admission;
    const allowed = await this.access.allowed(caller, [ ...new Set([ resource, ...topics ]) ], 'append');
    if (!allowed.has(resource)) {
      throw new NotAdmitted(admission.pod, admission.resource, caller.agent === undefined);
    }
    return allowed;
  }
}

/**
 * Checks that the topics of a request are within the limits of its credential.
 *
 * @throws {@link NotAuthorized} for the first topic outside.
 */
export function assertWithinLimits({ caller, drafts }: Pick<PublishRequest, 'caller' | 'drafts'>): void {
  for (const { topic } of drafts) {
    if (!coversTopic(caller, topic)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${topic}`);
    }
  }
}

/** The error for an addressee to which the caller must not publish. */
export function notAuthorizedTo(webId: string, { topic }: Pick<EventDraft, 'topic'>): NotAuthorized {
  return new NotAuthorized(`Not authorized to publish to ${webId} on topic ${topic}`);
}
