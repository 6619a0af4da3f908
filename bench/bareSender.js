// Sends requests as fast as it can, as a program would that does nothing else: a proof, or a signature, for each.
const { createHmac, randomBytes, randomUUID } = require('node:crypto');
const { exportJWK, generateKeyPair, SignJWT } = require('jose');
const { Agent, request } = require('undici');
const { inParallel } = require('./http');

const CONNECTIONS = 16;

async function proofs(url) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  return async() => ({
    'content-type': 'application/ld+json',
    authorization: `DPoP ${'x'.repeat(700)}`,
    dpop: await new SignJWT({ htm: 'POST', htu: url, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setIssuedAt().sign(privateKey),
  });
}

async function signatures(url, body) {
  const secret = randomBytes(32);
  return async() => {
    const id = randomUUID();
    const now = Math.floor(Date.now() / 1_000);
    return {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': `${now}`,
      'webhook-signature': `v1,${createHmac('sha256', secret).update(`${id}.${now}.${body}`).digest('base64')}`,
    };
  };
}

async function main({ kind, url, body, requests }) {
  const headersFor = await (kind === 'webhook' ? signatures : proofs)(url, body);
  const dispatcher = new Agent({ connections: CONNECTIONS });
  let sent = 0;
  await inParallel(CONNECTIONS, () => {
    if (sent >= requests) {
      return;
    }
    sent += 1;
    return headersFor()
      .then((headers) => request(url, { method: 'POST', headers, body, dispatcher }))
      .then((answer) => answer.body.dump());
  });
}

process.once('message', (job) => main(job).then(() => process.exit(), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}));
process.send('ready');
