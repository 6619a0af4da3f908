const { fork } = require('node:child_process');
const { join } = require('node:path');
const { ContextLoader } = require('../../dist');
const { eventDocument } = require('../../dist/event/Event');
const { createEvent } = require('../../dist/event/EventDocument');
const { logIn } = require('../accounts');
const { grouped } = require('../format');
const { atLeast } = require('../goals');
const { sendOk } = require('../http');
const { draftFor, logInBoth, posterOf, publisherOf } = require('../publishing');
const { startServer, withServers } = require('../server');
const { withSink } = require('../sink');
const { median } = require('../stats');
const { subscribeElsewhere } = require('../subscribers');

/** How many deliveries a second leave for one host, beside programs that do nothing but send. */
async function deliveries(sizes) {
  return withSink(async(sink) => {
    const ours = { inbox: [], webhook: []};
    const bare = { inbox: [], webhook: []};
    for (const kind of [ 'inbox', 'webhook' ]) {
      const fill = (server) => subscribeElsewhere(server, sizes.deliveries, (index) =>
        ({ kind, url: `http://${sink.host}/${kind}/${index}`, host: sink.host }));
      await withServers([ () => startServer('events', [ 'producer', 'user' ], { fill }) ], async(server) => {
        const agents = await logInBoth(server);
        const publish = publisherOf(agents);
        const body = await documentOf(agents);
        for (let round = 0; round <= sizes.deliveryRounds; round += 1) {
          const rate = await sink.rateOf(sizes.deliveries, () => publish());
          const beside = await sendBare(sink, { kind, url: `http://${sink.host}/bare`, body, requests: sizes.deliveries });
          // The first round warms both up.
          if (round > 0) {
            ours[kind].push(rate);
            bare[kind].push(beside);
          }
        }
      });
    }
    const plain = await emitByPlain(sink, sizes);
    const each = `undici and jose alone, a proof for each, 16 at a time`;
    return [
      {
        measure: `deliveries/s to inboxes elsewhere, ${grouped(sizes.deliveries)} at once`,
        ours: median(ours.inbox),
        beside: median(bare.inbox),
        besideName: each,
        goal: atLeast(1 / 3),
      },
      {
        measure: 'the same',
        ours: median(ours.inbox),
        beside: plain,
        besideName: 'plain CSS, webhook notifications of one POST',
        goal: atLeast(5),
      },
      {
        measure: `deliveries/s to webhooks, ${grouped(sizes.deliveries)} at once`,
        ours: median(ours.webhook),
        beside: median(bare.webhook),
        besideName: 'undici alone, a signature for each, 16 at a time',
        goal: atLeast(1 / 4),
      },
    ];
  });
}

async function documentOf({ producer, user }) {
  return eventDocument(await createEvent(draftFor(user.webId), producer.pod, producer.webId, new ContextLoader()));
}

/** Sends as many requests by a process that does nothing else; returns how many a second. */
async function sendBare(sink, job) {
  const child = fork(join(__dirname, '../bareSender.js'));
  await new Promise((resolve) => child.once('message', resolve));
  const rate = await sink.rateOf(job.requests, () => child.send(job));
  await new Promise((resolve) => child.exitCode === null ? child.on('exit', resolve) : resolve());
  return rate;
}

/** How many notifications a second plain CSS sends to webhooks that watch one container. */
async function emitByPlain(sink, { emissions, deliveryRounds }) {
  return withServers([ () => startServer('plain', [ 'producer' ]) ], async(server) => {
    const producer = await logIn(server, 'producer');
    const container = `${producer.pod}watched/`;
    const headers = { ...producer.headers };
    await sendOk(container, { method: 'PUT', headers: { ...headers, 'content-type': 'text/turtle' }, body: '' });
    for (let index = 0; index < emissions; index += 1) {
      await sendOk(`${server.baseUrl}.notifications/WebhookChannel2023/`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/ld+json' },
        body: JSON.stringify({
          '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
          type: 'http://www.w3.org/ns/solid/notifications#WebhookChannel2023',
          topic: container,
          sendTo: `http://${sink.host}/css/${index}`,
        }),
      });
    }
    const post = posterOf(producer, producer.webId);
    const rates = [];
    for (let round = 0; round <= deliveryRounds; round += 1) {
      rates.push(await sink.rateOf(emissions, () => post(container)));
    }
    return median(rates.slice(1));
  });
}

module.exports = { deliveries };
