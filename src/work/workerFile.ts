import { join } from 'node:path';

/** Path of the compiled entry file of worker threads. Jest maps this module to one that names the file it has compiled. */
export const WORKER_FILE = join(__dirname, 'worker.js');
