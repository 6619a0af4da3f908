const { writeFile } = require('node:fs/promises');
const { join } = require('node:path');
const { exportJWK, generateKeyPair, SignJWT } = require('jose');
const { v4 } = require('uuid');
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

/** Makes something by a control of the account of the owner of a seeded pod. */
async function createIn({ baseUrl }, name, control) {
  const { controls } = await getJson(`${baseUrl}.account/`);
  const { authorization } = await postJson(controls.password.login, { email: emailOf(name), password: PASSWORD });
  const headers = { authorization: `CSS-Account-Token ${authorization}` };
  const account = await getJson(`${baseUrl}.account/`, headers);
  const { webId } = podOf({ baseUrl }, name);
  return postJson(account.controls.account[control], { name: 'bench', webId }, headers);
}

async function getToken(server, name, headers) {
  const { id, secret } = await createIn(server, name, 'clientCredentials');
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
  const { body } = await sendOk(tokenEndpoint(server), {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: 'grant_type=client_credentials&scope=webid',
  });
  return JSON.parse(body).access_token;
}

const tokenEndpoint = ({ baseUrl }) => `${baseUrl}.oidc/token`;

/** Logs the owner of a seeded pod in with a Bearer token; it holds for ten minutes. */
async function logIn(server, name) {
  return { ...podOf(server, name), headers: { authorization: `Bearer ${await getToken(server, name)}` }};
}

/** The same with an API key. */
async function useApiKey(server, name) {
  const { key } = await createIn(server, name, 'apiKeys');
  return { ...podOf(server, name), headers: { 'x-api-key': key }};
}

/**
 * The same with a token that is bound to a key; each request takes a proof of its own.
 *
 * @returns Besides what the others return, `prove`, which makes the headers of as many POSTs to a URL in advance.
 */
async function useDpop(server, name) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const proofFor = (htu) => new SignJWT({ htm: 'POST', htu, jti: v4() })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setIssuedAt().sign(privateKey);
  const token = await getToken(server, name, { dpop: await proofFor(tokenEndpoint(server)) });
  const prove = (count, url) => Promise.all(Array.from({ length: count }, async() =>
    ({ authorization: `DPoP ${token}`, dpop: await proofFor(url) })));
  return { ...podOf(server, name), prove };
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

/** Gives many agents, each by name, a mode on a container and all below it. */
async function grantEach(owner, container, webIds, mode) {
  const body = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <${owner.webId}>; acl:accessTo <${container}>; acl:default <${container}>;
  acl:mode acl:Read, acl:Write, acl:Control.
<#publishers> a acl:Authorization; acl:agentClass acl:AuthenticatedAgent; acl:accessTo <${container}>;
  acl:default <${container}>; acl:mode acl:Append.
<#others> a acl:Authorization; acl:accessTo <${container}>; acl:default <${container}>; acl:mode acl:${mode};
  acl:agent ${webIds.map((webId) => `<${webId}>`).join(', ')}.`;
  await sendOk(`${container}.acl`, { method: 'PUT', headers: { ...owner.headers, 'content-type': 'text/turtle' }, body });
}

module.exports = { grant, grantEach, logIn, podOf, seedFile, useApiKey, useDpop };
