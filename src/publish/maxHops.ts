/**
 * Default maximum number of hops of an event: from this number on, an event is stored but not forwarded.
 *
 * Each pod that forwards an event to another server adds a hop, so that subscriptions in a circle end.
 */
export const MAX_HOPS = 3;
