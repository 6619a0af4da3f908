const { mkdir, writeFile } = require('node:fs/promises');
const { join } = require('node:path');
const { v7 } = require('uuid');
const { notificationFor } = require('./publishing');

const AT_ONCE = 100;

/** Makes a container in a pod by hand, and puts files into it, named and typed as CSS does what was posted. */
async function fillContainer({ baseUrl, data }, { webId }, container, count) {
  const folder = join(data, container.slice(baseUrl.length));
  const body = notificationFor(webId, webId);
  await mkdir(folder, { recursive: true });
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, () =>
      writeFile(join(folder, `${v7()}$.jsonld`), body)));
  }
}

module.exports = { fillContainer };
