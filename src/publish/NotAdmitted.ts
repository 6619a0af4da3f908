import { NotAuthorized } from '../event/NotAuthorized';

/**
 * Refusal of a publish request: its caller lacks `acl:Append` on the resource that the request names.
 */
export class NotAdmitted extends NotAuthorized {
  /** Whether the caller presented no credential, so that authentication can help. */
  public readonly isPublic: boolean;

  /**
   * @param pod - Base URL of the producing pod.
   * @param resource - The resource of the request.
   * @param isPublic - Whether the caller presented no credential.
   */
  public constructor(pod: string, resource: string, isPublic: boolean) {
    super(isPublic ?
      `To publish through ${pod} you have to log in` :
      `Not authorized to publish through ${pod}: the owner of the pod has to grant acl:Append on ${resource}`);
    this.isPublic = isPublic;
  }
}
