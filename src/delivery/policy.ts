/**
 * Checks a number in a configuration.
 *
 * @throws RangeError if the value is not a number within the bounds.
 */
export function checkBounds(name: string, value: number, min: number, max: number): void {
  if (!Number.isFinite(value) || value < min || value > max) {
    throw new RangeError(`${name} must be from ${min} to ${max}, but is ${value}: change the configuration`);
  }
}
