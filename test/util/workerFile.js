// The entry of worker threads, as `setUp.js` has compiled it for this run.
const { join } = require('node:path');

exports.WORKER_FILE = join(process.env.TEST_RUN_FOLDER, 'worker.js');
