/**
 * Returns a base URL in the form in which URLs are compared: as the URL parser serializes it, ending in `/`.
 *
 * @throws Error if it is not an absolute http(s) URL without credentials, query and fragment.
 */
export function normalBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/u.test(url.protocol) || /[?#]/u.test(text) || url.username !== '' || url.password !== '') {
    throw new Error(`"${text}" is not a base URL: expected an absolute http(s) URL without query and fragment, such as ` +
      'https://pods.example.org/.');
  }
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** Whether a URL is on a subdomain of a base URL without a path, on the same port. */
export function isOnSubdomain(url: string, base: string): boolean {
  const parts = subdomainParts(base);
  return parts !== undefined && subdomainOf(url, parts) !== undefined;
}

/** Whether a URL is at or below a base URL, or on a subdomain of it. */
export function isOfServer(url: string, base: string): boolean {
  return url.startsWith(base) || url === base.slice(0, -1) || isOnSubdomain(url, base);
}

/** Replacement of a base URL in the URLs of a server. */
export interface UrlMove {
  /** Former base URL, see {@link normalBaseUrl}. */
  readonly from: string;
  /** New base URL. */
  readonly to: string;
  /** Whether subdomains of the base URL also belong to the server. */
  readonly subdomains: boolean;
}

/**
 * Returns a function that replaces the base URL in a URL of the server, and returns every other text unchanged.
 *
 * Text is compared up to the end of the base URL, so a longer port, host or path segment never matches.
 */
export function urlMover({ from, to, subdomains }: UrlMove): (url: string) => string {
  const [ bare, bareTo ] = [ from.slice(0, -1), to.slice(0, -1) ];
  const isRoot = new URL(from).pathname === '/';
  const parts = subdomains ? [ subdomainParts(from), subdomainParts(to) ] as const : undefined;
  return (url): string => {
    if (url.startsWith(from)) {
      return `${to}${url.slice(from.length)}`;
    }
    // The URL of the root may be without its slash.
    if (url === bare || (isRoot && url.startsWith(bare) && /^[?#]/u.test(url.slice(bare.length)))) {
      return `${bareTo}${url.slice(bare.length)}`;
    }
    if (parts?.[0] && parts[1]) {
      const label = subdomainOf(url, parts[0]);
      if (label !== undefined) {
        return `${parts[1].scheme}${label}${parts[1].host}${url.slice(parts[0].scheme.length + label.length + parts[0].host.length)}`;
      }
    }
    return url;
  };
}

/** The parts of a URL before and after the name of a subdomain. */
interface SubdomainParts {
  readonly scheme: string;
  /** The host with its port, after a dot. */
  readonly host: string;
}

function subdomainParts(base: string): SubdomainParts | undefined {
  const { protocol, host, pathname } = new URL(base);
  return pathname === '/' ? { scheme: `${protocol}//`, host: `.${host}` } : undefined;
}

/** Returns the labels before the host in a URL of a subdomain. */
function subdomainOf(url: string, { scheme, host }: SubdomainParts): string | undefined {
  if (!url.startsWith(scheme)) {
    return undefined;
  }
  const authority = /^[^/?#]*/u.exec(url.slice(scheme.length))![0];
  const label = authority.endsWith(host) ? authority.slice(0, -host.length) : '';
  return /^[\w.-]+$/u.test(label) ? label : undefined;
}
