import { timeSlicer } from '../event/timeSlices';
import type { Caller } from '../identity/Caller';
import { charge, COSTS } from './costs';
import { EpochCache } from './EpochCache';
import { PERMISSION_AGE } from './permissionAge';
import type { Access, AccessEpochs, AccessScope, AccessScopes, Locator, Mode } from './ports';

interface Question {
  readonly resource: string;
  /** Base URL of the pod of the resource; `undefined` outside all pods. */
  readonly pod?: string;
  readonly scope: AccessScope;
}

/** Maximum number of cached answers. */
const MAX_ANSWERS = 100_000;
/** Maximum number of rounds by access scope while access changes; then each resource is queried. */
const MAX_ROUNDS = 3;

/** Dependencies and limits of {@link EpochAccess}. */
export interface EpochAccessArgs {
  /** Decides access. */
  source: Access;
  /** Access epochs. */
  store: AccessEpochs;
  /** Returns the pod of a resource. */
  pods: Locator;
  /** Maximum age of an answer, in seconds. Default {@link PERMISSION_AGE}. */
  maxAge?: number;
  /** Groups resources with the same permissions. Without it, each resource is queried by itself. */
  scopes?: AccessScopes;
}

/**
 * Caches access decisions for the access epoch of the pod, with a maximum age.
 *
 * A change made through this server applies to the next query. A change made behind the server, such as an ACL file
 * edited on disk, applies when the maximum age is reached.
 *
 * Access control is queried once for each access scope, not for each resource.
 */
export class EpochAccess implements Access {
  private readonly source: Access;
  private readonly store: AccessEpochs;
  private readonly pods: Locator;
  private readonly scopes?: AccessScopes;
  private readonly answers: EpochCache<boolean>;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: EpochAccessArgs) {
    this.source = args.source;
    this.store = args.store;
    this.pods = args.pods;
    this.scopes = args.scopes;
    this.answers = new EpochCache(args.maxAge ?? PERMISSION_AGE, MAX_ANSWERS);
  }

  public async allowed(
    caller: Caller,
    resources: readonly string[],
    mode: Mode,
  ): Promise<ReadonlySet<string>> {
    for (let round = 1; ; round += 1) {
      // Read before the answers, see EpochCache.
      const pods = new Map<string, string | undefined>();
      const pause = timeSlicer();
      for (const resource of resources) {
        pods.set(resource, await this.pods.locate(resource));
        await pause();
      }
      const epochs = await this.epochsOf(pods.values());
      const scopes = round > MAX_ROUNDS ? undefined : this.scopes;
      const questions = scopes ? await this.questionsIn(scopes, pods, epochs) : questionsEach(pods);
      const allowed = await this.answer(caller, questions, epochs, mode);
      // A change may divide a scope that was found before it.
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
    const callerKey = [ caller.agent, caller.client, caller.issuer ].join(' ');
    const keyOf = ({ name }: AccessScope): string => `${mode} ${name} ${callerKey}`;
    const allowed = new Set<string>();
    const unknown: Question[] = [];
    // One resource of each scope without a cached answer.
    const asked = new Map<string, string>();
    const pause = timeSlicer();
    for (const question of questions) {
      await pause();
      const { resource, pod, scope } = question;
      const epoch = pod === undefined ? undefined : epochs.get(pod);
      const answer = epoch === undefined ? undefined : this.answers.get(keyOf(scope), epoch);
      if (answer === undefined) {
        unknown.push(question);
        if (!asked.has(scope.name)) {
          asked.set(scope.name, scope.resource);
        }
      } else if (answer) {
        allowed.add(resource);
      }
    }
    charge(asked.size * COSTS.accessQuery);
    const read = asked.size > 0 ?
      await this.source.allowed(caller, [ ...new Set(asked.values()) ], mode) :
      new Set<string>();
    for (const { resource, pod, scope } of unknown) {
      await pause();
      const isAllowed = read.has(asked.get(scope.name)!);
      const epoch = pod === undefined ? undefined : epochs.get(pod);
      if (epoch !== undefined) {
        this.answers.set(keyOf(scope), epoch, isAllowed);
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

/** One question for each resource by itself. */
function questionsEach(pods: ReadonlyMap<string, string | undefined>): Question[] {
  return [ ...pods ].map(([ resource, pod ]): Question => ({ resource, pod, scope: { name: resource, resource }}));
}

function isSame(one: ReadonlyMap<string, number | undefined>, other: ReadonlyMap<string, number | undefined>): boolean {
  return [ ...one ].every(([ pod, epoch ]): boolean => other.get(pod) === epoch);
}
