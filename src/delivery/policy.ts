/**
 * Checks a number of a configuration.
 *
 * @throws RangeError if it is not one, or lies outside the bounds.
 */
export function checkBounds(name: string, value: number, least: number, most: number): void {
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new RangeError(`${name} has to be from ${least} to ${most}, and is ${value}: change the configuration`);
  }
}
