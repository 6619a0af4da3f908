// Preloaded into a server process: after SIGUSR2 it kills the process between the commit of the next publish and its
// answer, which a kill at a random moment seldom hits.
const { ServerResponse } = require('node:http');

const { writeHead } = ServerResponse.prototype;
let isArmed = false;

ServerResponse.prototype.writeHead = function(status, ...rest) {
  if (isArmed && status === 201 && this.req.url.endsWith('/publish/')) {
    process.kill(process.pid, 'SIGKILL');
  }
  return Reflect.apply(writeHead, this, [ status, ...rest ]);
};

process.on('SIGUSR2', () => {
  isArmed = true;
});
