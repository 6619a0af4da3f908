import { AsyncLocalStorage } from 'node:async_hooks';

const asked = new AsyncLocalStorage<readonly string[]>();

/**
 * Asks about access to resources, so that whoever takes part in the answer can tell which resources it is about.
 *
 * @param resources - The URLs of the resources.
 * @param ask - Gives the answer.
 */
export async function askAbout<T>(resources: readonly string[], ask: () => Promise<T>): Promise<T> {
  return asked.run(resources, ask);
}

/** The resources that are being asked about; none outside of such a question, as in the server's own requests. */
export function askedResources(): readonly string[] {
  return asked.getStore() ?? [];
}
