/**
 * The URLs of the containers in which a resource lies, from the outermost one on; its own URL if it is a container.
 *
 * @param resource - URL of the resource, in canonical form.
 * @param root - URL of the first container, in which the resource lies. Default: the root of its host.
 */
export function containersOf(resource: string, root = hostRootOf(resource)): string[] {
  const containers: string[] = [];
  for (let slash = root.length - 1; slash >= 0; slash = resource.indexOf('/', slash + 1)) {
    containers.push(resource.slice(0, slash + 1));
  }
  return containers;
}

/** Empty for a URL without a path. */
function hostRootOf(url: string): string {
  return url.slice(0, url.indexOf('/', url.indexOf('://') + 3) + 1);
}
