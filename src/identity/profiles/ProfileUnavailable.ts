import type { OutgoingFault } from '../../outgoing/Outgoing';

/** The 4xx answers that can change by themselves. */
const TRANSIENT_STATUSES = new Set([ 408, 409, 425, 429 ]);

/** Why a profile cannot be read. */
export interface ProfileProblem {
  /** What is wrong and what to do, as it goes on behind the name of the profile. */
  readonly reason: string;
  /** The HTTP status code of the answer, if that is what is wrong. */
  readonly status?: number;
  /** Why there was no answer, if there was none. */
  readonly fault?: OutgoingFault;
}

/**
 * What somebody says of itself cannot be read, so it is not known, rather than nothing.
 */
export class ProfileUnavailable extends Error {
  /** The HTTP status code of the answer, if that is what is wrong. */
  public readonly status?: number;
  /** Why there was no answer, if there was none. */
  public readonly fault?: OutgoingFault;
  /**
   * Whether it can be different later by itself: there was no answer, or one of 408, 409, 425, 429 or 5xx. Any other
   * answer, and a document that cannot be read, lasts until somebody corrects it.
   */
  public readonly isTransient: boolean;

  /**
   * @param webId - Whose profile it is.
   * @param problem - What is wrong with it.
   */
  public constructor(public readonly webId: string, problem: ProfileProblem) {
    super(`The profile of ${webId} cannot be read: ${problem.reason}`);
    this.name = 'ProfileUnavailable';
    this.status = problem.status;
    this.fault = problem.fault;
    const { fault, status = 0 } = problem;
    this.isTransient = fault === undefined ? status >= 500 || TRANSIENT_STATUSES.has(status) : fault !== 'forbidden';
  }
}
