import { join } from 'node:path';

/** Folder of the account page templates in this package, independent of the working directory. */
export const TEMPLATES = join(__dirname, '../../../templates/identity');
