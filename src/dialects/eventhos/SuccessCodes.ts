/** Codes of successful requests that differ between the documents of eventhos and its server. */
export class SuccessCodes {
  /** Code of a sent event and of a repeated delivery. */
  public readonly sent: number;
  /** Code of a created system. */
  public readonly created: number;

  /**
   * @param shortCodes - Whether the codes are those of eventhos' server, 20000 and 20001. Default `false`: those of its
   * documents, 200000 and 200001.
   */
  public constructor(shortCodes = false) {
    this.sent = shortCodes ? 20_000 : 200_000;
    this.created = shortCodes ? 20_001 : 200_001;
  }
}
