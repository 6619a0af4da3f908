// Publishes an event through a server of its own, or two, and shows all requests and answers up to a subscriber's copy.
const { parseArgs } = require('node:util');
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

const EVENTS = 'https://w3id.org/pod-events#';
const AS = 'https://www.w3.org/ns/activitystreams#';
const SCHEMA = 'http://schema.org/';
const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';

/** How long the copy may take to arrive, in ms. */
const ARRIVAL = 10_000;

const USAGE = `Usage: npm run demo [-- --two-servers]

Publishes an event, and shows each request and answer up to the copy in the inbox of a subscriber.

  --two-servers  producer and subscriber are on one server, and user is on another
  --help         print this
`;

/** Whose pods are on which servers, and what differs with that. */
const ONE_SERVER = {
  title: 'A server with three pods starts',
  servers: [[ 'producer', 'user', 'subscriber' ]],
  options: [],
  ofUser: 'of user',
  toUser: 'to user',
  byWhom: '',
  json: 'application/json',
  end: 'the server has stopped and its data is removed',
};
const TWO_SERVERS = {
  title: 'Two servers start: one with producer and subscriber, one with user',
  servers: [[ 'producer', 'subscriber' ], [ 'user' ]],
  // Each finds the other on this machine, to which servers do not send unless they are allowed to.
  options: [ '--eventsAllow', '127.0.0.0/8,::1/128' ],
  ofUser: 'of user, on the other server',
  toUser: 'to user, on the other server',
  byWhom: ', to which the other server has delivered it',
  // What another server delivers is an ordinary resource, which has no form but those of RDF.
  json: 'application/ld+json',
  end: 'the servers have stopped and their data is removed',
};

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

/** Waits until the log of a pod tells of a delivery that was made, and shows it. */
async function showLog({ pod, name, fetch }) {
  const log = `${pod}deliveries/`;
  for (const end = Date.now() + ARRIVAL; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const { contains } = await (await fetch(`${log}?state=delivered`)).json();
    if (contains.length > 0) {
      return talkingFetch(fetch, name)(log, { headers: { accept: 'application/json' } });
    }
  }
  throw new Error(`${log} tells of no delivery within ${ARRIVAL / 1_000} s.`);
}

async function tell({ producer, user, subscriber }, plan) {
  step(2, 'user lets producer publish, and subscriber receive, what is about realestate/contact');
  await send(user, 'PUT', `${user.pod}topics/realestate/contact/.acl`, 'text/turtle',
    accessControl({ producer, user, subscriber }));

  step(3, `subscriber follows realestate/contact ${plan.ofUser}`);
  const inbox = `${subscriber.pod}inbox/`;
  await send(subscriber, 'POST', `${user.pod}subscriptions/`, 'application/json',
    JSON.stringify({ topic: 'realestate/contact', inbox }));

  step(4, `producer publishes an event ${plan.toUser}`);
  const published = await send(producer, 'POST', `${producer.pod}publish/`, 'application/json', JSON.stringify({
    recipient: user.webId,
    topic: 'realestate/contact#add',
    data: { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' } },
  }));
  const { id } = await published.json();

  step(5, `subscriber finds a copy in its inbox, with @inrupt/solid-client${plan.byWhom}`);
  const copyUrl = await firstOf(inbox, subscriber.fetch);
  const talking = talkingFetch(subscriber.fetch, subscriber.name);
  await getSolidDataset(inbox, { fetch: talking });

  step(6, 'subscriber reads it, as Turtle');
  const copy = await getSolidDataset(copyUrl, { fetch: talking });

  step(7, 'subscriber reads it, as JSON');
  const file = await getFile(copyUrl, { fetch: talking, init: { headers: { accept: plan.json } } });

  if (plan === TWO_SERVERS) {
    step(8, 'user sees in the log of its pod what was delivered to the other server');
    await showLog(user);
  }

  step(plan === TWO_SERVERS ? 9 : 8, 'What subscriber knows now');
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

async function play(plan) {
  const begun = Date.now();
  const people = {};
  const servers = [];
  let cleaning;
  const cleanUp = async() => {
    const endings = [ ...Object.values(people).map(({ logOut }) => logOut), ...servers.map(({ stop }) => stop) ];
    cleaning ??= Promise.all(endings.map(async(end) => end()));
    return cleaning;
  };
  process.once('SIGINT', () => cleanUp().finally(() => process.exit(130)));
  process.once('SIGTERM', () => cleanUp().finally(() => process.exit(143)));
  // Whoever reads the output may stop before its end, as `| head` does.
  process.stdout.on('error', () => cleanUp().finally(() => process.exit(1)));
  try {
    print(`\n${bold(`1. ${plan.title}`)}\n`);
    for (const names of plan.servers) {
      servers.push(await launchServer(names.map(account), plan.options));
    }
    process.stdout.write('  ');
    await Promise.all(servers.map(async({ ready }, index) => ready(() => index === 0 && process.stdout.write('.'))));
    print();
    for (const [ index, { baseUrl, folder }] of servers.entries()) {
      print(`  ${green('up')} at ${baseUrl}  ${faint(`data in ${folder}`)}`);
      for (const name of plan.servers[index]) {
        people[name] = await logIn(baseUrl, name);
        print(`  ${people[name].pod}  ${faint(`of ${people[name].webId}, logged in`)}`);
      }
    }
    await tell(people, plan);
  } finally {
    await cleanUp();
  }
  print(`\n${green('Done')} in ${((Date.now() - begun) / 1_000).toFixed(1)} s; ${plan.end}.\n`);
}

/** What the command line asks for; ends the process where that is only to be told how it is used. */
function planOf(args) {
  try {
    const { values } = parseArgs({ args, options: { 'two-servers': { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    return values['two-servers'] ? TWO_SERVERS : ONE_SERVER;
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

play(planOf(process.argv.slice(2))).then(() => process.exit(0), (error) => {
  process.stderr.write(`\n${red('The demo failed:')} ${error.message}${error.cause ? ` (${error.cause.message})` : ''}\n`);
  process.exit(1);
});
