import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import type { Task } from '../../work/Work';

/**
 * Checks a body that is the data of an event as a whole.
 *
 * @throws {@link InvalidInput} if it is not JSON, or is nested too deep.
 */
export const CHECK_BODY: Task<string, void> = {
  name: 'checkBody',
  run: (text): void => {
    const { value } = parseJson(text);
    // Beside data that is a part of the body, more levels are let through.
    if (isDeeper(value, LIMITS.dataDepth)) {
      throw new InvalidInput(`The data is nested more than ${LIMITS.dataDepth} levels deep`);
    }
  },
};

function isDeeper(value: unknown, levels: number): boolean {
  return typeof value === 'object' && value !== null &&
    (levels === 0 || Object.values(value).some((child): boolean => isDeeper(child, levels - 1)));
}
