import type { ResponseRules } from '../delivery/attempt';

/**
 * Response rules of inboxes.
 *
 * 401 is retried, because the receiver may have failed to read the keys of this server.
 *
 * @see https://www.w3.org/TR/ldn/#sender
 */
export const INBOX_RESPONSES: ResponseRules = {
  isDelivered: (status): boolean => status === 201 || status === 202,
  isRetried: (status): boolean => status === 401,
  unconfirmed: 'which does not say that the notification is kept: an inbox has to answer 201 or 202',
};
