import { InvalidInput } from '../event/InvalidInput';
import { parseUrl } from './webUrl';

/** Separators of path components, encoded or not; they are never decoded, because that would move the boundary. */
const SEPARATORS = /(\/|\\|%(?:25)*(?:2f|5c))/iu;
/** A path that is canonical as it is, as most are. */
const PLAIN_PATH = /^(?:\/[\w~!'()*.-]+)*\/?$/u;
/** Host names and addresses that lead to the machine itself. */
const LOOPBACK = new RegExp(`^(?:${[
  String.raw`(?:.+\.)?localhost`, String.raw`127(?:\.\d+){3}`, String.raw`0\.0\.0\.0`, String.raw`\[::1?\]`,
  String.raw`\[::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)\]`,
].join('|')})$`, 'u');

/**
 * The canonical form of URLs of this server, as the server's own target extractor sees them.
 *
 * Two URLs have one canonical form if a request to either reaches the same resource. The path has its components
 * percent-encoded in one way and no repeated slashes; scheme, host and port are as WHATWG URL writes them. A request
 * has no fragment, and the server ignores the query.
 *
 * All code that checks, compares or stores a URL from outside passes it through {@link canonical} first.
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
   * Returns the URL of the resource of this server that a request to a URL reaches, without query and fragment.
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

  /** Whether a URL is one of this server, however it is spelled. */
  public isLocal(text: string): boolean {
    return this.targetOf(text) !== undefined;
  }

  /**
   * Returns the canonical form of an absolute http(s) URL. A fragment stays as it is.
   * A URL of another server is returned unchanged.
   *
   * @param text - The URL.
   * @param name - Name of the field that holds the URL, for the message.
   *
   * @throws {@link InvalidInput} with the URL that would be accepted, if the URL is not an http(s) URL or has a user
   *         name or password; if it is one of this server and has a query or invalid percent-encoding; or if it names
   *         this server by another name than its base URL does.
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
   * @returns `undefined` where {@link canonical} throws.
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
   * The canonical form of a URL that names this server by another name: another loopback name if the base URL has one,
   * a trailing dot, or another scheme; on the same port.
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
 * The target of a request to a URL, or `undefined` if its percent-encoding is not valid.
 * Dot segments, also encoded ones, and backslashes are gone from a parsed URL.
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
