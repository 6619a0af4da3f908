const MASK = '****';

/**
 * The URL of a webhook with its query masked and without its user, which can be secret.
 *
 * @param url - An absolute URL.
 */
export function maskedUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.search === '' && parsed.username === '' && parsed.password === '') {
    return url;
  }
  parsed.username = '';
  parsed.password = '';
  parsed.search = parsed.search && MASK;
  return parsed.href;
}
