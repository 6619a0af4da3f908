/** A page of the log of a pod. */
export interface LogPage {
  /** Key of its first event. */
  readonly first: number;
  /** Time of arrival of its first event, in milliseconds since 1970. */
  readonly time: number;
  /** The next page. If present, no event is added to this page any more. */
  readonly next?: { readonly first: number; readonly time: number };
}

/**
 * Pages of the logs of pods. The page of an event never changes. The cost of each method does not depend on the number
 * of pages.
 */
export interface LogPages {
  /**
   * Returns a page.
   *
   * @param container - URL of the container of the log.
   * @param first - Key of the first event of the page.
   *
   * @returns `undefined` if no page begins with the event, or all events of the page were removed.
   */
  logPage: (container: string, first: number) => Promise<LogPage | undefined>;
  /**
   * Returns the key of the first event of a page.
   *
   * @param container - URL of the container of the log.
   * @param event - Key of an event: its page is returned, or the first page for a smaller key than that of all events.
   *
   * @returns `undefined` if the log has no pages.
   */
  logPageAt: (container: string, event: number) => Promise<number | undefined>;
}

/** Limits on the events that the server keeps. */
export interface RetentionLimits {
  /** Maximum age of events, in days; 0 for no limit. */
  readonly maxAge: number;
  /** Maximum number of events published through a pod; 0 for no limit. */
  readonly maxEvents: number;
}

/** Configuration of retention. */
export interface RetentionSettings {
  /** Returns the limits. */
  limits: () => RetentionLimits;
}
