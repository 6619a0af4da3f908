import { InvalidInput } from '../event/InvalidInput';
import { parseUrl } from './webUrl';

/** Separators of path components, encoded or not. Never decoded, because that would move the component boundary. */
const SEPARATORS = /(\/|\\|%(?:25)*(?:2f|5c))/iu;
/** Matches paths that are already canonical, as most are. */
const PLAIN_PATH = /^(?:\/[\w~!'()*.-]+)*\/?$/u;
/** Host names and addresses of the local machine. */
const LOOPBACK = new RegExp(`^(?:${[
  String.raw`(?:.+\.)?localhost`, String.raw`127(?:\.\d+){3}`, String.raw`0\.0\.0\.0`, String.raw`\[::1?\]`,
  String.raw`\[::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)\]`,
].join('|')})$`, 'u');

/**
 * Converts URLs of this server to canonical form, in agreement with the server's own target extractor.
 *
 * Two URLs have the same canonical form if requests to them reach the same resource. The components of the path are
 * percent-encoded in one way, without repeated slashes. Scheme, host and port are normalized as in WHATWG URL. Requests
 * have no fragment, and the server ignores the query.
 *
 * All code that checks, compares or stores an external URL passes it through {@link canonical} first.
 *
 * @see https://url.spec.whatwg.org/#url-parsing
 */
export class ServerUrls {
  public readonly baseUrl: string;
  private readonly base: URL;
  private readonly isOfServer: (url: string) => boolean;

  /**
   * @param baseUrl - Base URL of the server.
   * @param isOfServer - Whether a URL in canonical form belongs to the server. Default: it begins with the base URL.
   */
  public constructor(baseUrl: string, isOfServer?: (url: string) => boolean) {
    this.baseUrl = baseUrl.replace(/\/*$/u, '/');
    this.base = new URL(this.baseUrl);
    this.isOfServer = isOfServer ?? ((url): boolean => url.startsWith(this.baseUrl));
  }

  /**
   * Returns the URL of this server's resource that a request to a URL reaches, without query and fragment.
   *
   * @param text - Any text.
   *
   * @returns The URL in canonical form; `undefined` if a request would not reach a resource of this server.
   */
  public targetOf(text: string): string | undefined {
    const url = parse(text);
    const target = url && withCanonicalPath(url);
    return target !== undefined && this.isOfServer(target) ? target : undefined;
  }

  /** Returns whether a URL, in any spelling, belongs to this server. */
  public isLocal(text: string): boolean {
    return this.targetOf(text) !== undefined;
  }

  /**
   * Returns the canonical form of an absolute http(s) URL, with its fragment unchanged.
   *
   * A URL of another server is returned unchanged.
   *
   * @param text - The URL.
   * @param name - Name of the field with the URL, for the message.
   *
   * @throws {@link InvalidInput} with an acceptable URL, if the URL is not an http(s) URL or has a user name or
   *   password; if it belongs to this server and has a query or invalid percent-encoding; or if it names this server by
   *   another name than its base URL.
   */
  public canonical(text: string, name = 'URL'): string {
    const url = parse(text);
    if (!url) {
      throw new InvalidInput(`Invalid ${name}: expected an absolute http(s) URL, got ${shorten(text)}`);
    }
    const hash = text.indexOf('#');
    const fragment = hash < 0 ? '' : text.slice(hash);
    if (url.username !== '' || url.password !== '') {
      throw new InvalidInput(`Invalid ${name}: a URL must not hold a user name or password; ` +
        `use ${this.suggest(url)}${fragment}`);
    }
    const target = withCanonicalPath(url);
    if (target === undefined && this.isOfServer(url.href)) {
      throw new InvalidInput(`Invalid ${name}: ${shorten(text)} has a % that does not encode a character of UTF-8; ` +
        'encode a % as %25');
    }
    if (target !== undefined && this.isOfServer(target)) {
      if (url.search !== '') {
        throw new InvalidInput(`Invalid ${name}: a resource of this server has no query; use ${target}${fragment}`);
      }
      return `${target}${fragment}`;
    }
    const renamed = this.renamed(url);
    if (renamed !== undefined) {
      throw new InvalidInput(`Invalid ${name}: ${shorten(text)} names this server by another name than its base URL ` +
        `${this.baseUrl}; use ${renamed}${fragment}`);
    }
    return text;
  }

  /**
   * Returns the canonical form of a URL, as {@link canonical} does.
   *
   * @returns `undefined` if {@link canonical} throws.
   */
  public tryCanonical(text: string): string | undefined {
    try {
      return this.canonical(text);
    } catch {
      return undefined;
    }
  }

  private suggest(url: URL): string {
    const plain = new URL(url);
    plain.username = '';
    plain.password = '';
    plain.hash = '';
    return this.renamed(plain) ?? this.targetOf(plain.href) ?? plain.href;
  }

  /**
   * Returns the canonical form of a URL that names this server by another name on the same port.
   *
   * Other names are another loopback name if the base URL has one, a trailing dot, or another scheme.
   */
  private renamed(url: URL): string | undefined {
    const samePort = portOf(url) === portOf(this.base) || (url.port === '' && this.base.port === '');
    const hostname = url.hostname.replace(/\.+$/u, '');
    const isLoopback = LOOPBACK.test(hostname) && LOOPBACK.test(this.base.hostname);
    const names = `.${hostname}`.endsWith(`.${this.base.hostname}`) ? [ hostname ] : [];
    for (const name of samePort ? [ ...names, ...isLoopback ? [ this.base.hostname ] : [] ] : []) {
      const renamed = new URL(this.base.origin);
      renamed.hostname = name;
      renamed.pathname = url.pathname;
      const target = withCanonicalPath(renamed);
      if (target !== undefined && this.isOfServer(target) && renamed.origin !== url.origin) {
        return target;
      }
    }
    return undefined;
  }
}

function parse(text: string): URL | undefined {
  const url = parseUrl(text);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

/**
 * Returns the target of a request to a URL, or `undefined` if its percent-encoding is invalid.
 *
 * URL parsing has already resolved dot segments, also encoded ones, and backslashes.
 */
function withCanonicalPath({ origin, pathname }: URL): string | undefined {
  if (PLAIN_PATH.test(pathname)) {
    return `${origin}${pathname}`;
  }
  try {
    const path = pathname.split(SEPARATORS)
      .map((part, index): string => index % 2 === 0 ? encodeURIComponent(decodeURIComponent(part)) : part.toUpperCase())
      .join('');
    return `${origin}${path.replaceAll(/\/{2,}/gu, '/')}`;
  } catch {
    return undefined;
  }
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? protocol === 'https:' ? '443' : '80' : port;
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
