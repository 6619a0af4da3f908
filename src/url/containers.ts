/**
 * Returns the URLs of a resource's containers, outermost first. Includes the resource itself if it is a container.
 *
 * @param resource - URL of the resource, in canonical form.
 * @param root - URL of the first container, an ancestor of the resource. Default: the root of the host.
 */
export function containersOf(resource: string, root = hostRootOf(resource)): string[] {
  const containers: string[] = [];
  for (let slash = root.length - 1; slash >= 0; slash = resource.indexOf('/', slash + 1)) {
    containers.push(resource.slice(0, slash + 1));
  }
  return containers;
}

/** Returns the root URL of a host; empty for a URL without a path. */
function hostRootOf(url: string): string {
  return url.slice(0, url.indexOf('/', url.indexOf('://') + 3) + 1);
}
