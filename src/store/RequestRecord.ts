/**
 * A request as the log shows it, without its body, which is the data of the event. Secrets are masked before it is
 * made.
 */
export interface RequestRecord {
  readonly method: string;
  /** Its URL, without its query. */
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}
