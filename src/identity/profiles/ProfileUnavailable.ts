import type { OutgoingFault } from '../../outgoing/Outgoing';

/** The 4xx status codes of transient errors. */
const TRANSIENT_STATUSES = new Set([ 408, 409, 425, 429 ]);

/** Reason for an unreadable profile. */
export interface ProfileProblem {
  /** The problem and the remedy, as a clause that follows the name of the profile. */
  readonly reason: string;
  /** Status code of the response, if it is the problem. */
  readonly status?: number;
  /** Reason for a missing response, if any. */
  readonly fault?: OutgoingFault;
}

/**
 * A profile cannot be read, so its statements are unknown, as opposed to absent.
 */
export class ProfileUnavailable extends Error {
  /** Status code of the response, if it is the problem. */
  public readonly status?: number;
  /** Reason for a missing response, if any. */
  public readonly fault?: OutgoingFault;
  /**
   * Whether a later attempt can succeed: there was no response, or one of 408, 409, 425, 429 or 5xx.
   *
   * Any other response, and an unreadable document, persists until it is corrected.
   */
  public readonly isTransient: boolean;

  /**
   * @param webId - The WebID of the profile.
   * @param problem - The reason.
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
