/**
 * Checks a number in a configuration.
 *
 * @throws RangeError if the value is not a number within the bounds.
 */
export function checkBounds(name: string, value: number, least: number, most: number): void {
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new RangeError(`${name} must be from ${least} to ${most}, but is ${value}: change the configuration`);
  }
}
