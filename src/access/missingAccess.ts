/** Message about a missing credential, with the way to get one. */
export function missingCredential(modes: string, url: string): string {
  return `${modes} on ${url} requires a credential: log in by Solid-OIDC and send the access token in Authorization`;
}

/** Message about a missing permission, with the way to get it. */
export function missingPermission(modes: string, url: string): string {
  return `Not authorized: the owner of the pod has to grant ${modes} on ${url}`;
}
