import TTLCache from '@isaacs/ttlcache';
import { timeSlicer } from '../event/timeSlices';
import type { Caller } from '../identity/Caller';
import { charge, COSTS } from './costs';
import type { Access, AccessEpochs, AccessScope, AccessScopes, Locator, Mode } from './ports';

interface Answer {
  readonly epoch: number;
  readonly allowed: boolean;
}

interface Question {
  readonly resource: string;
  /** The pod in which the resource lies, if it does. */
  readonly pod?: string;
  readonly scope: AccessScope;
}

/** How many answers are kept at most. */
const MOST_ANSWERS = 100_000;
/** How often a question is repeated because access changed meanwhile, before each resource is asked about by itself. */
const MOST_ROUNDS = 3;

/**
 * Remembers who may do what for as long as access to the pod stands.
 *
 * An answer holds for the access epoch of the pod in which it was read, and for a limited time,
 * so a change made by any request to this server is in force for the next question,
 * and a change made behind the server's back after that time at most.
 *
 * Access control is queried once for each access scope, not for each resource.
 */
export class EpochAccess implements Access {
  private readonly source: Access;
  private readonly store: AccessEpochs;
  private readonly pods: Locator;
  private readonly scopes?: AccessScopes;
  private readonly answers: TTLCache<string, Answer>;

  /**
   * @param source - Reads the answers.
   * @param store - Knows the epochs.
   * @param pods - Tells in which pod a resource lies.
   * @param maxAge - How long an answer is used at most, in seconds. Default 60.
   * @param scopes - Finds the resources that have the same permissions. Without it, each is asked about by itself.
   */
  public constructor(source: Access, store: AccessEpochs, pods: Locator, maxAge = 60, scopes?: AccessScopes) {
    this.source = source;
    this.store = store;
    this.pods = pods;
    this.scopes = scopes;
    this.answers = new TTLCache({ max: MOST_ANSWERS, ttl: maxAge * 1_000, checkAgeOnGet: true });
  }

  public async allowed(
    caller: Caller,
    resources: readonly string[],
    mode: Mode,
  ): Promise<ReadonlySet<string>> {
    for (let round = 1; ; round += 1) {
      // Read before the answers are, so that none is kept for an epoch that is newer than itself.
      const pods = new Map<string, string | undefined>();
      const pause = timeSlicer();
      for (const resource of resources) {
        pods.set(resource, await this.pods.locate(resource));
        await pause();
      }
      const epochs = await this.epochsOf(pods.values());
      const scopes = round > MOST_ROUNDS ? undefined : this.scopes;
      const questions = scopes ? await this.questionsIn(scopes, pods, epochs) : questionsEach(pods);
      const allowed = await this.answer(caller, questions, epochs, mode);
      // A scope that was found before a change is not asked about after it: the change may have divided it.
      if (!scopes || isSame(epochs, await this.epochsOf(pods.values()))) {
        return allowed;
      }
    }
  }

  private async answer(
    caller: Caller,
    questions: readonly Question[],
    epochs: ReadonlyMap<string, number | undefined>,
    mode: Mode,
  ): Promise<ReadonlySet<string>> {
    const who = [ caller.agent, caller.client, caller.issuer ].join(' ');
    const keyOf = ({ name }: AccessScope): string => `${mode} ${name} ${who}`;
    const allowed = new Set<string>();
    const unknown: Question[] = [];
    // One resource of each scope whose answer is not known.
    const asked = new Map<string, string>();
    for (const question of questions) {
      const { resource, pod, scope } = question;
      const answer = this.answers.get(keyOf(scope));
      if (!answer || pod === undefined || answer.epoch !== epochs.get(pod)) {
        unknown.push(question);
        if (!asked.has(scope.name)) {
          asked.set(scope.name, scope.resource);
        }
      } else if (answer.allowed) {
        allowed.add(resource);
      }
    }
    charge(asked.size * COSTS.accessQuery);
    const read = asked.size > 0 ?
      await this.source.allowed(caller, [ ...new Set(asked.values()) ], mode) :
      new Set<string>();
    for (const { resource, pod, scope } of unknown) {
      const isAllowed = read.has(asked.get(scope.name)!);
      const epoch = pod === undefined ? undefined : epochs.get(pod);
      if (epoch !== undefined) {
        this.answers.set(keyOf(scope), { epoch, allowed: isAllowed });
      }
      if (isAllowed) {
        allowed.add(resource);
      }
    }
    return allowed;
  }

  private async questionsIn(
    scopes: AccessScopes,
    pods: ReadonlyMap<string, string | undefined>,
    epochs: ReadonlyMap<string, number | undefined>,
  ): Promise<Question[]> {
    const questions: Question[] = [];
    const ofPods = new Map<string, string[]>();
    for (const [ resource, pod ] of pods) {
      if (pod === undefined || epochs.get(pod) === undefined) {
        questions.push({ resource, pod, scope: { name: resource, resource }});
      } else {
        const ofPod = ofPods.get(pod) ?? [];
        ofPod.push(resource);
        ofPods.set(pod, ofPod);
      }
    }
    for (const [ pod, ofPod ] of ofPods) {
      for (const [ resource, scope ] of await scopes.scopesOf(ofPod, pod, epochs.get(pod)!)) {
        questions.push({ resource, pod, scope });
      }
    }
    return questions;
  }

  private async epochsOf(pods: Iterable<string | undefined>): Promise<Map<string, number | undefined>> {
    const epochs = new Map<string, number | undefined>();
    for (const pod of pods) {
      if (pod !== undefined && !epochs.has(pod)) {
        epochs.set(pod, await this.store.epochOf(pod));
      }
    }
    return epochs;
  }
}

/** A question about each resource by itself. */
function questionsEach(pods: ReadonlyMap<string, string | undefined>): Question[] {
  return [ ...pods ].map(([ resource, pod ]): Question => ({ resource, pod, scope: { name: resource, resource }}));
}

function isSame(one: ReadonlyMap<string, number | undefined>, other: ReadonlyMap<string, number | undefined>): boolean {
  return [ ...one ].every(([ pod, epoch ]): boolean => other.get(pod) === epoch);
}
