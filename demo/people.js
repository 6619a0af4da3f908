// The accounts of the demo, and how their owners log in: with client credentials, as an app would.
const { Session } = require('@inrupt/solid-client-authn-node');

const PASSWORD = 'demo';
const email = (name) => `${name}@example.com`;

/** An account with one pod, as CSS's seed file has it. */
function account(name) {
  return { email: email(name), password: PASSWORD, pods: [{ name }] };
}

async function json(url, headers = {}, body = undefined) {
  const response = await fetch(url, {
    ...body && { method: 'POST', body: JSON.stringify(body) },
    headers: { ...body && { 'content-type': 'application/json' }, ...headers },
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  return response.json();
}

/**
 * Logs the owner of a pod in.
 *
 * @see https://communitysolidserver.github.io/CommunitySolidServer/7.x/usage/client-credentials/
 */
async function logIn(baseUrl, name) {
  const pod = `${baseUrl}${name}/`;
  const webId = `${pod}profile/card#me`;
  const { controls: start } = await json(`${baseUrl}.account/`);
  const { authorization } = await json(start.password.login, {}, { email: email(name), password: PASSWORD });
  const headers = { authorization: `CSS-Account-Token ${authorization}` };
  const { controls } = await json(`${baseUrl}.account/`, headers);
  const { id, secret } = await json(controls.account.clientCredentials, headers, { name: 'demo', webId });
  const session = new Session();
  await session.login({ clientId: id, clientSecret: secret, oidcIssuer: baseUrl, tokenType: 'DPoP' });
  if (session.info.webId !== webId) {
    throw new Error(`The login of ${name} gave the WebID ${session.info.webId}`);
  }
  return { name, pod, webId, fetch: session.fetch, logOut: async() => session.logout() };
}

module.exports = { account, logIn };
