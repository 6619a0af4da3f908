import type { Locator } from '../access/ports';

/**
 * Tells in which pod a request's target lies, and whether that pod exists.
 */
export interface RequestedPods extends Locator {
  /** Whether there is a pod with this base URL; if there is, it is set up when this returns. */
  exists: (pod: string) => Promise<boolean>;
  /** Whether there is an LDP resource with a URL. */
  hasResource: (url: string) => Promise<boolean>;
}

/**
 * Finds pods by their names.
 */
export interface PodNames {
  /**
   * The pod that an account would have named so, set up when this returns.
   *
   * @param name - The name, as it is in the URL of the pod; one that would be changed to be part of a URL names none.
   *
   * @returns The base URL of the pod; `undefined` if there is none.
   */
  podNamed: (name: string) => Promise<string | undefined>;
}
