/** A document of this server. */
export interface LocalDocument {
  /** Its media type, without parameters. */
  readonly type: string;
  /** The content up to the requested size, as UTF-8. */
  readonly body: string;
  /** Whether the content exceeds the requested size. */
  readonly isCut: boolean;
}

/**
 * The documents on this server, which are read without a network request.
 */
export interface LocalDocuments {
  /** Returns whether a URL, without fragment, belongs to this server. The document need not exist. */
  isLocal: (url: string) => boolean;

  /**
   * Returns the canonical form of a URL of this server; any URL of another server unchanged; `undefined` if the URL is
   * invalid.
   */
  canonical: (url: string) => string | undefined;

  /**
   * Reads a document, as Turtle or JSON-LD if available.
   *
   * @param url - Its URL, without fragment.
   * @param maxBytes - Maximum size of the content, in bytes.
   *
   * @returns The document; `undefined` if there is no publicly readable document.
   */
  read: (url: string, maxBytes: number) => Promise<LocalDocument | undefined>;
}
