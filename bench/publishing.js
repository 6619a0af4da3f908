const { grant, logIn } = require('./accounts');
const { sendOk } = require('./http');

const TOPIC = 'bench/contact#add';

const DATA = {
  type: 'AddAction',
  object: {
    type: 'Contact',
    name: 'Bruce Wayne',
    email: 'bruce@wayne-enterprises.example',
    telephone: '+1 555 0100',
    address: {
      type: 'PostalAddress',
      streetAddress: '1007 Mountain Drive',
      addressLocality: 'Gotham',
      postalCode: '53540',
    },
  },
};

/** What is published, as the accept step gets it. */
function draftFor(recipient) {
  return { topic: TOPIC, recipients: [ recipient ], sources: [], data: JSON.stringify(DATA) };
}

/** The document that somebody without the plugin would post to an inbox to say the same. */
function notificationFor(actor, recipient) {
  const context = 'https://www.w3.org/ns/activitystreams';
  return JSON.stringify({ '@context': context, type: 'Add', actor, to: recipient, object: DATA.object });
}

/** The producer and the user of a server, logged in; all agents may publish to the user's topics and read them. */
async function logInBoth(server) {
  const producer = await logIn(server, 'producer');
  const user = await logIn(server, 'user');
  await grant(user, `${user.pod}topics/bench/`, 'Read', 'Append');
  return { producer, user };
}

/** A function that publishes a number of events in one request, by the producer to the user. */
function publisherOf({ producer, user }, topic = TOPIC) {
  const url = `${producer.pod}publish/`;
  const type = { 'content-type': 'application/json' };
  const event = { recipient: user.webId, topic, data: DATA };
  return (count = 1, headers = producer.headers) => sendOk(url, {
    method: 'POST',
    headers: { ...type, ...headers },
    body: JSON.stringify(count === 1 ? event : Array.from({ length: count }, () => event)),
  });
}

/** A function that posts a notification to a container, by LDP. */
function posterOf(producer, recipient) {
  const type = { 'content-type': 'application/ld+json' };
  const body = notificationFor(producer.webId, recipient);
  return (container, headers = producer.headers) =>
    sendOk(container, { method: 'POST', headers: { ...type, ...headers }, body });
}

/** Makes an empty container for one round of a measure. */
async function makeContainer(producer, round) {
  const container = `${producer.pod}round-${round}/`;
  await sendOk(container, { method: 'PUT', headers: { ...producer.headers, 'content-type': 'text/turtle' }, body: '' });
  return container;
}

module.exports = { DATA, TOPIC, draftFor, logInBoth, makeContainer, notificationFor, posterOf, publisherOf };
