// Publishes one event through a server of its own, and shows each request and answer on its way to a subscriber.
const {
  getContainedResourceUrlAll,
  getFile,
  getSolidDataset,
  getStringNoLocale,
  getThing,
  getThingAll,
  getUrl,
} = require('@inrupt/solid-client');
const { account, logIn } = require('./people');
const { bold, faint, green, print, red, step, talkingFetch } = require('./print');
const { launchServer } = require('./server');

const EVENTS = 'urn:solid-pod-events:vocab:';
const AS = 'https://www.w3.org/ns/activitystreams#';
const SCHEMA = 'http://schema.org/';
const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';

/** How long the copy may take to arrive, in ms. */
const ARRIVAL = 10_000;

/** Access to a topic of `user`: its owner all, `producer` may publish, `subscriber` may follow and receive. */
const accessControl = ({ producer, user, subscriber }) => `
@prefix acl: <http://www.w3.org/ns/auth/acl#>.

<#owner> a acl:Authorization;
    acl:agent <${user.webId}>;
    acl:accessTo <./>; acl:default <./>;
    acl:mode acl:Read, acl:Write, acl:Control.
<#publishers> a acl:Authorization;
    acl:agent <${producer.webId}>;
    acl:accessTo <./>; acl:default <./>;
    acl:mode acl:Append.
<#subscribers> a acl:Authorization;
    acl:agent <${subscriber.webId}>;
    acl:accessTo <./>; acl:default <./>;
    acl:mode acl:Read.
`.trimStart();

async function send(agent, method, url, type, body) {
  const response = await talkingFetch(agent.fetch, agent.name)(url, { method, headers: { 'content-type': type }, body });
  if (!response.ok) {
    throw new Error(`${method} ${url} was answered with ${response.status}.`);
  }
  return response;
}

/** Looks into an inbox until something is there. */
async function firstOf(inbox, fetch) {
  for (const end = Date.now() + ARRIVAL; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = getContainedResourceUrlAll(await getSolidDataset(inbox, { fetch }));
    if (found.length > 0) {
      return found[0];
    }
  }
  throw new Error(`Nothing has arrived in ${inbox} within ${ARRIVAL / 1_000} s.`);
}

async function tell({ producer, user, subscriber }) {
  step(2, 'user lets producer publish, and subscriber receive, what is about realestate/contact');
  await send(user, 'PUT', `${user.pod}topics/realestate/contact/.acl`, 'text/turtle',
    accessControl({ producer, user, subscriber }));

  step(3, 'subscriber follows realestate/contact of user');
  const inbox = `${subscriber.pod}inbox/`;
  await send(subscriber, 'POST', `${user.pod}subscriptions/`, 'application/json',
    JSON.stringify({ topic: 'realestate/contact', inbox }));

  step(4, 'producer publishes an event to user');
  const published = await send(producer, 'POST', `${producer.pod}publish/`, 'application/json', JSON.stringify({
    recipient: user.webId,
    topic: 'realestate/contact#add',
    data: { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' } },
  }));
  const { id } = await published.json();

  step(5, 'subscriber finds a copy in its inbox, with @inrupt/solid-client');
  const copyUrl = await firstOf(inbox, subscriber.fetch);
  const talking = talkingFetch(subscriber.fetch, subscriber.name);
  await getSolidDataset(inbox, { fetch: talking });

  step(6, 'subscriber reads it, as Turtle');
  const copy = await getSolidDataset(copyUrl, { fetch: talking });

  step(7, 'subscriber reads it, as JSON');
  const file = await getFile(copyUrl, { fetch: talking, init: { headers: { accept: 'application/json' } } });

  step(8, 'What subscriber knows now');
  print();
  const event = getThing(copy, id);
  const contact = getThingAll(copy, { acceptBlankNodes: true })
    .find((thing) => getUrl(thing, RDF_TYPE) === `${SCHEMA}Contact`);
  const facts = {
    topic: getStringNoLocale(event, `${EVENTS}topic`),
    publisher: getUrl(event, `${AS}actor`),
    contact: getStringNoLocale(contact, `${SCHEMA}name`),
    'data as JSON': JSON.stringify(JSON.parse(await file.text()).data),
  };
  for (const [ name, value ] of Object.entries(facts)) {
    print(`  ${faint(name.padEnd(13))} ${value}`);
  }
  if (facts.contact !== 'Bruce Wayne' || facts.topic !== 'realestate/contact#add') {
    throw new Error('The copy is not what was published.');
  }
}

async function main() {
  const begun = Date.now();
  const names = [ 'producer', 'user', 'subscriber' ];
  const people = {};
  let server;
  let cleaning;
  const cleanUp = async() => {
    cleaning ??= Promise.all([ ...Object.values(people).map(async({ logOut }) => logOut()), server?.stop() ]);
    return cleaning;
  };
  process.once('SIGINT', () => cleanUp().finally(() => process.exit(130)));
  process.once('SIGTERM', () => cleanUp().finally(() => process.exit(143)));
  // Whoever reads the output may stop before its end, as `| head` does.
  process.stdout.on('error', () => cleanUp().finally(() => process.exit(1)));
  try {
    print(`\n${bold('1. A server with three pods starts')}\n`);
    server = await launchServer(names.map(account));
    process.stdout.write('  ');
    await server.ready(() => process.stdout.write('.'));
    print(`\n  ${green('up')} at ${server.baseUrl}  ${faint(`data in ${server.folder}`)}`);
    for (const name of names) {
      people[name] = await logIn(server.baseUrl, name);
      print(`  ${people[name].pod}  ${faint(`of ${people[name].webId}, logged in`)}`);
    }
    await tell(people);
  } finally {
    await cleanUp();
  }
  print(`\n${green('Done')} in ${((Date.now() - begun) / 1_000).toFixed(1)} s; the server has stopped and its data is removed.\n`);
}

main().then(() => process.exit(0), (error) => {
  process.stderr.write(`\n${red('The demo failed:')} ${error.message}${error.cause ? ` (${error.cause.message})` : ''}\n`);
  process.exit(1);
});
