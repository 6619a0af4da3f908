import { join } from 'node:path';

/** Where the templates of this package's account pages are, whichever folder the server was started in. */
export const TEMPLATES = join(__dirname, '../../../templates/identity');
