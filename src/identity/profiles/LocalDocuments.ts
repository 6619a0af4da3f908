/** A document of this server. */
export interface LocalDocument {
  /** Its media type, without parameters. */
  readonly type: string;
  /** As much of it as was asked for, as UTF-8. */
  readonly body: string;
  /** Whether there is more of it. */
  readonly isCut: boolean;
}

/**
 * The documents on this server, which are not fetched over the network.
 */
export interface LocalDocuments {
  /** Whether a URL, without fragment, is one of this server, be there a document or not. */
  isLocal: (url: string) => boolean;

  /** The canonical form of a URL of this server; any URL of another server as it is; `undefined` if there is none. */
  canonical: (url: string) => string | undefined;

  /**
   * Reads a document, as Turtle or JSON-LD where it can be had so.
   *
   * @param url - Its URL, without fragment.
   * @param maxBytes - How much is read at most, in bytes.
   *
   * @returns The document; `undefined` if there is none that everybody may read.
   */
  read: (url: string, maxBytes: number) => Promise<LocalDocument | undefined>;
}
