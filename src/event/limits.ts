/** Limits on the input of clients. All are checked before anything is stored. */
export const LIMITS = {
  /** Maximum length of a topic or topic pattern, in bytes of UTF-8. */
  topicBytes: 1_024,
  /** Maximum segments of a topic. Each costs a look-up for inherited access and for subscription matching. */
  topicSegments: 16,
  /** Maximum length of `Type`, `Object` or `Info` of an external event, in bytes of UTF-8. */
  externalFieldBytes: 51_200,
  /** Maximum nesting depth of arrays and objects in `data`. */
  dataDepth: 64,
  /** Maximum number of events in one publish request. */
  eventsPerRequest: 1_000,
  /** Maximum number of recipients and sources of one event together. */
  recipientsPerEvent: 100,
  /** Maximum deliveries per request to recipients and sources on other servers: one for each event and recipient. */
  remotePerRequest: 500,
  /** Maximum length of a WebID or inbox URL, in bytes of UTF-8. */
  urlBytes: 2_048,
  /** Maximum body size of a subscription, in bytes. */
  subscriptionBytes: 64 * 1_024,
  /** Maximum size of an event's document without the posted data: context, publisher and addressees, in bytes. */
  documentBytes: 512 * 1_024,
  /** Default maximum body size of a request with events, in bytes. */
  requestBytes: 4 * 1_024 * 1_024,
} as const;
