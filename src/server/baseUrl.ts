import { DataFactory, Parser, Writer } from 'n3';

/**
 * Why a server cannot have a base URL, in one sentence with the remedy; `undefined` if it can.
 *
 * The server compares URLs as texts, and writes Turtle with relative URLs. So the URL has to be in the form that
 * clients send, and a document has to be read back as it was written.
 *
 * @param baseUrl - The base URL; it need not end in `/`.
 */
export function checkBaseUrl(baseUrl: string): string | undefined {
  const said = `The base URL ${baseUrl} cannot be used`;
  if (!URL.canParse(baseUrl)) {
    return `${said}: it is no absolute URL; use one such as https://pods.example/.`;
  }
  const url = new URL(baseUrl);
  const full = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  if (![ 'http:', 'https:' ].includes(url.protocol)) {
    return `${said}: its scheme is ${url.protocol.slice(0, -1)}; use http or https.`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'The base URL cannot be used: it has a user name or password; leave them out.';
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/u.test(baseUrl)) {
    return `${said}: it has a query or fragment; use ${url.origin}${url.pathname}.`;
  }
  if (url.hostname.startsWith('[')) {
    return `${said}: Turtle cannot be written relative to an IPv6 address; use a host name.`;
  }
  const canonical = url.href.endsWith('/') ? url.href : `${url.href}/`;
  if (canonical !== full) {
    return `${said}: clients send it in another form; use ${canonical}.`;
  }
  return isWritable(full) ? undefined : `${said}: Turtle cannot be written relative to it; use another host name or path.`;
}

/** Whether a statement about a resource is read back as it was written. */
function isWritable(baseUrl: string): boolean {
  const { quad, namedNode } = DataFactory;
  const statement = quad(namedNode(`${baseUrl}a/b#c`), namedNode('urn:p'), namedNode(`${baseUrl}a/d/`));
  try {
    const writer = new Writer({ baseIRI: `${baseUrl}a/b` });
    writer.addQuad(statement);
    let text = '';
    writer.end((error: Error | null, result: string): void => {
      if (error) {
        throw error;
      }
      text = result;
    });
    const read = new Parser({ baseIRI: `${baseUrl}a/b` }).parse(text);
    return read.length === 1 && read[0].equals(statement);
  } catch {
    return false;
  }
}
