const { logIn, podOf } = require('../accounts');
const { fillContainer } = require('../files');
const { grouped } = require('../format');
const { fasterBy } = require('../goals');
const { sendOk } = require('../http');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { fillInbox } = require('../subscribers');
const { timed } = require('../time');

/** How long it takes to list an inbox. */
async function listing(sizes) {
  const fill = (server) => fillInbox(server, podOf(server, 'user').inbox, sizes.listed);
  const servers = [
    () => startServer('events', [ 'user' ], { fill }),
    () => startServer('plain', [ 'user' ]),
  ];
  return withServers(servers, async(events, plain) => {
    const reader = await logIn(events, 'user');
    const plainReader = await logIn(plain, 'user');
    await fillContainer(plain, plainReader, plainReader.inbox, sizes.listed);
    const times = { ours: [], beside: []};
    for (let read = 0; read <= sizes.listings; read += 1) {
      times.ours.push(await timed(() => list(reader, sizes.listed)));
      times.beside.push(await timed(() => list(plainReader, sizes.listed)));
    }
    const [ ours, beside ] = [ times.ours, times.beside ].map((all) => median(all.slice(1)));
    return [{
      measure: `ms for GET of an inbox of ${grouped(sizes.listed)}`,
      ours,
      beside,
      besideName: 'plain CSS, its own files',
      goal: fasterBy(4),
    }];
  });
}

async function list({ inbox, headers }, expected) {
  const { body } = await sendOk(inbox, { headers: { ...headers, accept: 'text/turtle' }});
  const listed = body.match(/posix:mtime|stat#mtime/gu)?.length ?? 0;
  if (listed < expected) {
    throw new Error(`${inbox} lists ${listed} items, and ${expected} are there`);
  }
}

module.exports = { listing };
