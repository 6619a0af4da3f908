const { writeFile } = require('node:fs/promises');
const { join } = require('node:path');
const { sendOk } = require('./http');

const PASSWORD = 'correct horse battery staple';
const emailOf = (name) => `${name}@example.com`;

/** Writes the seed file for accounts with one pod each, and returns its path. */
async function seedFile(folder, pods) {
  const path = join(folder, 'seed.json');
  await writeFile(path, JSON.stringify(pods.map((name) =>
    ({ email: emailOf(name), password: PASSWORD, pods: [{ name }]}))));
  return path;
}

/** The pod of an agent, by its name. */
function podOf({ baseUrl }, name) {
  const pod = `${baseUrl}${name}/`;
  return { pod, webId: `${pod}profile/card#me`, inbox: `${pod}inbox/` };
}

async function getJson(url, headers) {
  return JSON.parse((await sendOk(url, { headers })).body);
}

async function postJson(url, body, headers) {
  const all = { 'content-type': 'application/json', ...headers };
  return JSON.parse((await sendOk(url, { method: 'POST', headers: all, body: JSON.stringify(body) })).body);
}

/** Makes client credentials for the owner of a seeded pod. */
async function createCredentials({ baseUrl }, name, webId) {
  const { controls } = await getJson(`${baseUrl}.account/`);
  const { authorization } = await postJson(controls.password.login, { email: emailOf(name), password: PASSWORD });
  const headers = { authorization: `CSS-Account-Token ${authorization}` };
  const account = await getJson(`${baseUrl}.account/`, headers);
  return postJson(account.controls.account.clientCredentials, { name: 'bench', webId }, headers);
}

/** Logs the owner of a seeded pod in with a Bearer token; it holds for ten minutes. */
async function logIn(server, name) {
  const agent = podOf(server, name);
  const { id, secret } = await createCredentials(server, name, agent.webId);
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
  const { body } = await sendOk(`${server.baseUrl}.oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&scope=webid',
  });
  return { ...agent, headers: { authorization: `Bearer ${JSON.parse(body).access_token}` }};
}

/** Gives every authenticated agent modes on a container and all below it, beside its owner. */
async function grant(owner, container, ...modes) {
  const body = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <${owner.webId}>; acl:accessTo <${container}>; acl:default <${container}>;
  acl:mode acl:Read, acl:Write, acl:Control.
<#others> a acl:Authorization; acl:agentClass acl:AuthenticatedAgent; acl:accessTo <${container}>;
  acl:default <${container}>; acl:mode ${modes.map((mode) => `acl:${mode}`).join(', ')}.`;
  await sendOk(`${container}.acl`, { method: 'PUT', headers: { ...owner.headers, 'content-type': 'text/turtle' }, body });
}

module.exports = { grant, logIn, podOf, seedFile };
