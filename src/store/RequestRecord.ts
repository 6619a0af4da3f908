/**
 * A publish request in the log, with masked secrets and without its body, which is the data of the event.
 */
export interface RequestRecord {
  readonly method: string;
  /** URL without query. */
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  /** Headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of the dialect that the log shows, by their names. */
  readonly fields?: Readonly<Record<string, string>>;
}
