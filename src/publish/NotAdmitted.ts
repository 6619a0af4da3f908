import { NotAuthorized } from '../event/NotAuthorized';

/**
 * Refusal of a publish request: its caller lacks `acl:Append` on the resource that the request names.
 */
export class NotAdmitted extends NotAuthorized {
  /** Whether the caller presented no credential, so that authentication can help. */
  public readonly isPublic: boolean;

  /**
   * @param pod - Base URL of the producing pod.
   * @param isPublic - Whether the caller presented no credential.
   */
  public constructor(pod: string, isPublic: boolean) {
    super(isPublic ? `To publish through ${pod} you have to log in` : `Not authorized to publish through ${pod}`);
    this.isPublic = isPublic;
  }
}
