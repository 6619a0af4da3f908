import { missingCredential, missingPermission } from '../../access/missingAccess';
import type { Access } from '../../access/ports';
import { NotAuthorized } from '../../event/NotAuthorized';
import type { Caller } from '../../identity/Caller';
import type { PodOwners } from '../../publish/ports';
import { unauthorized } from '../errors';

/** Name of a member without access control of its own. */
const ANY_MEMBER = '00000000-0000-7000-8000-000000000000';

/** Decides access to containers. */
export interface ContainerAccess {
  readonly access: Access;
  readonly owners: PodOwners;
}

/**
 * Checks that a caller may read a container of a pod, in the pods that its WebID owns if it uses an API key.
 *
 * @param gate - Decides access.
 * @param container - URL of the container, and of its pod.
 * @param caller - The caller.
 * @param hint - End of the message if access to the members is missing. If absent, access to members is not required.
 *
 * @throws An `HttpProblem` 401 for the public, and {@link NotAuthorized} for other callers.
 */
export async function assertReadable(
  { access, owners }: ContainerAccess,
  { url, pod }: { readonly url: string; readonly pod: string },
  caller: Caller,
  hint?: string,
): Promise<void> {
  const { agent, limits } = caller;
  if (limits && (agent === undefined || !await owners.isOwner(pod, agent))) {
    throw new NotAuthorized(`The scope "read" of an API key applies in pods that its WebID owns, and ${agent} does not ` +
      `own ${pod}: send an access token`);
  }
  const member = `${url}${ANY_MEMBER}`;
  const withMembers = hint !== undefined;
  const allowed = await access.allowed(caller, withMembers ? [ url, member ] : [ url ], 'read');
  if (allowed.has(url) && (!withMembers || allowed.has(member))) {
    return;
  }
  if (agent === undefined) {
    throw unauthorized(missingCredential('acl:Read', url));
  }
  throw new NotAuthorized(allowed.has(url) ?
    `${missingPermission('acl:Read', `the members of ${url}`)}${hint}` :
    missingPermission('acl:Read', url));
}
