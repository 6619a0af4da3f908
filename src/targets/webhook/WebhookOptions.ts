import { InvalidInput } from '../../event/InvalidInput';
import { EVENTS } from '../../event/vocabulary';
import type { BatchLimits, TargetOption, TargetOptions, TargetSettings } from '../../subscription/ports';
import { toCredential } from './sinkCredential';

/** Maximum number of events of a batch, and maximum time that an event waits for further ones, in milliseconds. */
export const MAX_BATCH_EVENTS = 100;
export const MAX_BATCH_WAIT = 60_000;

/** Stored settings of a webhook. */
interface WebhookSettings {
  readonly mode: 'structured' | 'binary';
  readonly batch?: BatchLimits;
}

/**
 * Options of webhooks in subscriptions: `mode`, `batch` and `sinkcredential`.
 *
 * They belong to the webhook of an agent, as its secret does. A request with `mode` or `batch` replaces both, and one
 * with `sinkcredential` replaces the credential. A request without them keeps the stored ones.
 */
export class WebhookOptions implements TargetOptions {
  public readonly properties: readonly TargetOption[] = [
    { name: 'mode', predicate: `${EVENTS}mode` },
    { name: 'batch', predicate: `${EVENTS}batchLimits`, isJson: true },
    { name: 'sinkcredential', predicate: `${EVENTS}sinkcredential`, isJson: true, isSecret: true },
  ];

  public parse(values: Readonly<Record<string, unknown>>, url: string): TargetSettings {
    const { mode = 'structured', batch: given = null, sinkcredential } = values;
    const credential = sinkcredential === undefined || sinkcredential === null ?
      sinkcredential :
      toCredential(sinkcredential, url, Date.now());
    if (mode !== 'structured' && mode !== 'binary') {
      throw new InvalidInput('Invalid mode: expected structured or binary');
    }
    const batch = given === null ? undefined : toLimits(given);
    if (batch && mode === 'binary') {
      throw new InvalidInput('Invalid batch: CloudEvents has no batches in binary mode; use mode structured, or no batch');
    }
    const settings: WebhookSettings = { mode, ...batch && { batch }};
    return {
      ...('mode' in values || 'batch' in values) && { settings: JSON.stringify(settings) },
      ...batch && { batch },
      ...credential !== undefined && { credential },
    };
  }

  public members(settings: string): Readonly<Record<string, unknown>> {
    return { ...JSON.parse(settings) as WebhookSettings };
  }
}

/** Returns the content mode of stored settings. */
export function modeOf(settings: string | null): WebhookSettings['mode'] {
  return settings === null ? 'structured' : (JSON.parse(settings) as WebhookSettings).mode;
}

function toLimits(value: unknown): BatchLimits {
  const { maxEvents, maxWaitMs, ...others } = (typeof value === 'object' ? value : {}) as Record<string, unknown>;
  const isUnknown = Object.keys(others).length > 0;
  if (isUnknown || !isInteger(maxEvents, 1, MAX_BATCH_EVENTS) || !isInteger(maxWaitMs, 0, MAX_BATCH_WAIT)) {
    throw new InvalidInput(`Invalid batch: expected an object with maxEvents, an integer from 1 to ${MAX_BATCH_EVENTS}, and ` +
      `maxWaitMs, an integer from 0 to ${MAX_BATCH_WAIT}`);
  }
  return { maxEvents, maxWaitMs };
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
