import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './configuration';

/** Returns the version of this package. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}
