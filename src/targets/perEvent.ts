import type { DeliveredEvent } from '../delivery/TargetKind';

/**
 * Returns a function that computes a value once for all deliveries of an event.
 *
 * Values are kept as long as the event object, which `EventCache` returns for each delivery of an event.
 *
 * @param compute - Computes the value; it is not `undefined`.
 */
export function perEvent<T extends object | string>(
  compute: (event: DeliveredEvent) => T,
): (event: DeliveredEvent) => T {
  const values = new WeakMap<DeliveredEvent, T>();
  return (event): T => {
    let value = values.get(event);
    if (value === undefined) {
      value = compute(event);
      values.set(event, value);
    }
    return value;
  };
}
