import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The part of a container that a credential limited to topics can see: the events and copies of these topics.
 */
export interface TopicView {
  /** URL of the container. */
  readonly container: string;
  /** Whether events of a topic are visible. */
  readonly shows: (topic: string) => boolean;
}

const scopes = new AsyncLocalStorage<{ view?: TopicView }>();

/**
 * Runs a request of the server's own LDP handlers within a view.
 *
 * These handlers do not pass credentials on to the resource store.
 *
 * @param view - The view; `undefined` for no limit.
 * @param request - The request.
 */
export async function withTopicView<T>(view: TopicView | undefined, request: () => Promise<T>): Promise<T> {
  return scopes.run({ view }, request);
}

/** Returns the view of the current request; `undefined` if the request is not limited to topics. */
export function currentTopicView(): TopicView | undefined {
  return scopes.getStore()?.view;
}

/** Ends the view of the current request, before notifications about its result are created for other agents. */
export function endTopicView(): void {
  const scope = scopes.getStore();
  if (scope) {
    scope.view = undefined;
  }
}
