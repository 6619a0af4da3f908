/**
 * A permission of an API key:
 * - `publish`: publish events, and check whether they would be accepted.
 * - `subscribe`: use `subscriptions/` and `deliveries/`, and read the catalogue.
 * - `manage`: write the catalogue, replay subscriptions of other agents, and retry or end deliveries.
 * - `read`: read `inbox/`, `publish/` and the log of published events, and delete members of the inbox.
 */
export type Scope = 'publish' | 'subscribe' | 'manage' | 'read';

/** All scopes, in the order in which they are shown. */
export const SCOPES: readonly Scope[] = [ 'publish', 'subscribe', 'manage', 'read' ];

/** Scopes of a new key whose creator names none. */
export const DEFAULT_SCOPES: readonly Scope[] = [ 'publish', 'subscribe' ];

/** Scopes of keys from before scopes existed, and of tokens made from access tokens. */
export const FORMER_SCOPES: readonly Scope[] = [ 'publish', 'subscribe', 'manage' ];
