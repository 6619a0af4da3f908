const { grant, logIn, useApiKey } = require('../accounts');
const { grouped } = require('../format');
const { noMoreThan } = require('../goals');
const { sendOk } = require('../http');
const { startServer, withServers } = require('../server');
const { median } = require('../stats');
const { subscribeToAll } = require('../subscribers');
const { timed } = require('../time');

const SOURCES = 20;
const topicOf = (index) => `bench/contact-${index}`;

/** How long the precheck of many sources takes, each of which many follow. */
async function precheck({ inboxes, publishes, rounds }) {
  const topics = Array.from({ length: SOURCES }, (_, index) => topicOf(index));
  const fill = (server) => subscribeToAll(server, topics, inboxes);
  return withServers([ () => startServer('events', [ 'user' ], { fill }) ], async(server) => {
    const owner = await logIn(server, 'user');
    const { headers } = await useApiKey(server, 'user');
    const sources = topics.map((topic) => ({ channel_id: 'bench', source_name: topic.slice('bench/'.length) }));
    const check = async() => {
      const { body } = await sendOk(`${server.baseUrl}v1/user/events/check`, {
        method: 'POST',
        headers: { 'x-auth-token': headers['x-api-key'], 'content-type': 'application/json' },
        body: JSON.stringify({ sources }),
      });
      const { failed_count: failed, sources: results } = JSON.parse(body);
      const wrong = results.find(({ check_detail: detail }) => !detail.includes(String(inboxes)));
      if (failed > 0 || wrong) {
        throw new Error(`The precheck failed: ${JSON.stringify(wrong ?? results[0])}`);
      }
    };
    const times = { first: [], next: []};
    for (let round = 0; round < rounds; round += 1) {
      // What was counted before does not hold any more.
      await grant(owner, `${owner.pod}topics/bench/`, 'Read', 'Append');
      times.first.push(await timed(check));
      for (let count = 0; count < publishes; count += 1) {
        times.next.push(await timed(check));
      }
    }
    return [{
      measure: `ms of a precheck of ${SOURCES} sources, ${grouped(inboxes)} subscriptions each`,
      ours: median(times.next),
      beside: median(times.first),
      besideName: 'the first one after a change of access',
      goal: noMoreThan(20),
    }];
  });
}

module.exports = { precheck };
