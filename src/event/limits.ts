/**
 * The bounds on what a client may send.
 * All are checked before anything is stored.
 */
export const LIMITS = {
  /** Longest topic or topic pattern, in bytes of UTF-8. */
  topicBytes: 1_024,
  /** Most segments of a topic; each costs a look-up when access is inherited and when subscriptions are matched. */
  topicSegments: 16,
  /** Longest `Type`, `Object` or `Info` of an external event, in bytes of UTF-8. */
  externalFieldBytes: 51_200,
  /** Deepest nesting of arrays and objects in `data`. */
  dataDepth: 64,
  /** Most events in one publish request. */
  eventsPerRequest: 1_000,
  /** Most recipients and sources of one event together. */
  recipientsPerEvent: 100,
  /** Most deliveries of one request to recipients and sources on other servers: one for each event and recipient. */
  remotePerRequest: 500,
  /** Longest WebID or inbox URL, in bytes of UTF-8. */
  urlBytes: 2_048,
  /** Largest body of a subscription, in bytes. */
  subscriptionBytes: 64 * 1_024,
  /** Most bytes that an event's document has beside what was posted: its context, and who published it to whom. */
  documentBytes: 512 * 1_024,
  /** Largest request body of events that is read by default, in bytes. */
  requestBytes: 4 * 1_024 * 1_024,
} as const;
