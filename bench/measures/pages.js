const { logIn, podOf } = require('../accounts');
const { grouped } = require('../format');
const { atMost } = require('../goals');
const { sendOk } = require('../http');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { fillInbox } = require('../subscribers');
const { timed } = require('../time');

/** Number of items of a full page. */
const PAGE = 50;

/** Time of one page of the JSON listing of a large inbox: the first page, and one in the middle. */
async function pages(sizes) {
  const filled = {};
  const fill = async(server) => {
    filled.begin = Date.now();
    await fillInbox(server, podOf(server, 'user').inbox, sizes.paged);
    filled.end = Date.now();
  };
  const servers = [
    () => startServer('events', [ 'user' ], { fill }),
    () => startServer('plain', [ 'user' ]),
  ];
  return withServers(servers, async(events, plain) => {
    const reader = await logIn(events, 'user');
    const plainReader = await logIn(plain, 'user');
    const middle = Math.round((filled.begin + filled.end) / 2);
    const page = await read(reader, `${reader.inbox}?format=full`);
    const file = `${plainReader.pod}file.json`;
    const headers = { ...plainReader.headers, 'content-type': 'application/json' };
    await sendOk(file, { method: 'PUT', headers, body: page });
    const times = { first: [], middle: [], file: []};
    for (let round = 0; round <= sizes.pageReads; round += 1) {
      times.first.push(await timed(() => read(reader, `${reader.inbox}?format=full`)));
      times.middle.push(await timed(() => read(reader, `${reader.inbox}?format=full&from=${middle}`)));
      times.file.push(await timed(() => sendOk(file, { headers: plainReader.headers })));
    }
    // The first round warms both up.
    const [ first, second, beside ] = [ times.first, times.middle, times.file ].map((all) => median(all.slice(1)));
    const besideName = 'plain CSS, GET of a file with the same page';
    return [
      {
        measure: `ms for the first page of the JSON listing of ${grouped(sizes.paged)} copies`,
        ours: first,
        beside,
        besideName,
        goal: atMost(1),
      },
      { measure: 'ms for a page in the middle of it', ours: second, beside: first, besideName: 'the first page', goal: atMost(1.5) },
    ];
  });
}

async function read({ headers }, url) {
  const { body } = await sendOk(url, { headers });
  const { length } = JSON.parse(body).contains;
  if (length !== PAGE) {
    throw new Error(`${url} has ${length} items instead of ${PAGE}`);
  }
  return body;
}

module.exports = { pages };
