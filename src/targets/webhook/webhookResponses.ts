import type { ResponseRules } from '../../delivery/attempt';

/**
 * Response rules of webhooks.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#22-delivery-response
 */
export const WEBHOOK_RESPONSES: ResponseRules = {
  isDelivered: (status): boolean => status >= 200 && status < 300,
  isRetried: (): boolean => false,
  // Each 2xx status confirms the delivery.
  unconfirmed: '',
};
