import { DataFactory, Parser, Writer } from 'n3';

/**
 * Checks a base URL. Returns the problem and its remedy in one sentence, or `undefined` if the URL is usable.
 *
 * The server compares URLs as strings and writes Turtle with relative URLs. The URL must therefore be in the form that
 * clients send, and Turtle relative to it must survive a round trip.
 *
 * @param baseUrl - Base URL, with or without a slash at its end.
 */
export function checkBaseUrl(baseUrl: string): string | undefined {
  const prefix = `The base URL ${baseUrl} cannot be used`;
  if (!URL.canParse(baseUrl)) {
    return `${prefix}: it is not an absolute URL; use a URL such as https://pods.example/.`;
  }
  const url = new URL(baseUrl);
  const full = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  if (![ 'http:', 'https:' ].includes(url.protocol)) {
    return `${prefix}: its scheme is ${url.protocol.slice(0, -1)}; use http or https.`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'The base URL cannot be used: it has a user name or password; leave them out.';
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/u.test(baseUrl)) {
    return `${prefix}: it has a query or fragment; use ${url.origin}${url.pathname}.`;
  }
  if (url.hostname.startsWith('[')) {
    return `${prefix}: Turtle cannot be written relative to an IPv6 address; use a host name.`;
  }
  const canonical = url.href.endsWith('/') ? url.href : `${url.href}/`;
  if (canonical !== full) {
    return `${prefix}: clients send it in another form; use ${canonical}.`;
  }
  return survivesRoundTrip(full) ? undefined : `${prefix}: Turtle cannot be written relative to it; use another host name or path.`;
}

/** Whether Turtle relative to a base URL parses to the written statement. */
function survivesRoundTrip(baseUrl: string): boolean {
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
