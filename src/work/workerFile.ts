import { join } from 'node:path';

/** Path of the compiled entry file of worker threads. Jest replaces this module with its own compiled file. */
export const WORKER_FILE = join(__dirname, '../server/worker.js');
