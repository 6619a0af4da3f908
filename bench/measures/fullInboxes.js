const { grouped } = require('../format');
const { logInBoth, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { StoreWatcher } = require('../storeFile');
const { fillInboxes, subscribe } = require('../subscribers');
const { timed } = require('../time');

const WARM_UPS = 3;

/** How long one publish to many inboxes takes when these are empty and when they are full. */
async function fullInboxes(sizes) {
  return withServers([ () => start(sizes, 0), () => start(sizes, sizes.fullInboxes) ], async(emptied, filled) => {
    const beside = await timeOf(emptied, sizes);
    const ours = await timeOf(filled, sizes);
    return [{
      measure: `ms until ${grouped(sizes.inboxes)} copies are in inboxes of ${grouped(sizes.fullInboxes)}`,
      ours,
      beside,
      besideName: 'in empty inboxes',
    }];
  });
}

function start({ inboxes, agents }, copies) {
  const fill = async(server) => {
    await subscribe(server, inboxes, agents);
    await fillInboxes(server, copies);
  };
  return startServer('events', [ 'producer', 'user' ], { fill });
}

async function timeOf(server, { publishes }) {
  const publish = publisherOf(await logInBoth(server));
  const watcher = new StoreWatcher(server);
  const times = [];
  for (let sent = 0; sent < WARM_UPS + publishes; sent += 1) {
    times.push(await timed(async() => {
      await publish();
      await watcher.untilIdle();
    }));
  }
  watcher.close();
  return median(times.slice(WARM_UPS));
}

module.exports = { fullInboxes };
