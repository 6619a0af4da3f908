/** What is measured with, in full; times are in milliseconds. */
const full = {
  /** Inboxes that one publish is copied to, and the agents who have them. */
  inboxes: 10_000,
  agents: 1_000,
  /** Publishes to these that are timed. */
  publishes: 15,
  /** Inboxes that the loop of LDP POSTs writes to. */
  ldpInboxes: 200,
  /** How often a measure is repeated, and for how long. */
  rounds: 5,
  roundTime: 4_000,
  /** Requests with a proof of their own in one round. */
  proofs: 8_000,
  plainProofs: 500,
  /** Events that are published in arrays in one round. */
  arrayEvents: 20_000,
  /** Subscribers of the busy topic, and publishes for each side of the comparison of latencies. */
  subscribers: 100_000,
  latencies: 100,
  /** Copies in the full inbox, and publishes for each side of that comparison. */
  fullInbox: 100_000,
  oneMore: 100,
  /** Copies that each of many full inboxes holds. */
  fullInboxes: 300,
  /** Files in the container of plain CSS to which another is posted. */
  fullContainer: 10_000,
  /** Publishes that are copied to all inboxes while the event loop is watched. */
  millionPublishes: 100,
  /** Copies, and files, in the listings that are read, and how often each is. */
  listed: 10_000,
  listings: 7,
  /** Copies in the inbox that is listed page by page, and how often each page is read. */
  paged: 1_000_000,
  pageReads: 50,
  /** Deliveries at once to one host, how often, and notifications of plain CSS. */
  deliveries: 20_000,
  deliveryRounds: 3,
  emissions: 500,
  /** Deliveries that wait, and the hosts that never answer. */
  waitingDeliveries: 100_000,
  hangingHosts: 1_000,
  liveRounds: 9,
  waitingTargets: 10_000,
  waitingPublishes: 100,
  /** How long each hostile request is repeated, and the copies in the listing that is read. */
  hostileTime: 5_000,
  hostileListing: 100_000,
  /** Requests before memory is read, and the time until then. */
  warmUpRequests: 500,
  settle: 10_000,
};

/** Small enough for a look while working; its figures say little. */
const quick = {
  ...full,
  inboxes: 1_000,
  agents: 100,
  publishes: 5,
  ldpInboxes: 20,
  rounds: 2,
  roundTime: 1_000,
  arrayEvents: 2_000,
  subscribers: 2_000,
  latencies: 20,
  fullInbox: 2_000,
  oneMore: 20,
  fullInboxes: 30,
  fullContainer: 500,
  millionPublishes: 20,
  listed: 1_000,
  listings: 3,
  paged: 10_000,
  pageReads: 10,
  deliveries: 2_000,
  deliveryRounds: 2,
  emissions: 50,
  waitingDeliveries: 5_000,
  hangingHosts: 100,
  liveRounds: 3,
  waitingTargets: 1_000,
  waitingPublishes: 20,
  hostileTime: 1_500,
  hostileListing: 10_000,
  warmUpRequests: 50,
  settle: 1_000,
};

module.exports = { full, quick };
