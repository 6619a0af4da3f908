import type { IncomingHttpHeaders } from 'node:http';
import { InvalidInput } from '../../event/InvalidInput';
import type { PresentedClient } from '../../http/token/basicClient';
import { basicClient } from '../../http/token/basicClient';
import { OAuthProblem } from '../../http/token/OAuthProblem';

/** Maximum length of a named client, in characters, because it is stored. */
const MAX_CLIENT = 1_000;

/** What all token requests have. */
interface Common {
  readonly wantsCookie: boolean;
  /** Requested scopes. Absent: all. */
  readonly scopes?: readonly string[];
}

/** A request by credentials in a header. */
interface ByCaller {
  readonly grant: 'caller';
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2 */
interface ByClient extends PresentedClient {
  readonly grant: 'client_credentials';
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.3.2 */
interface ByPassword {
  readonly grant: 'password';
  readonly username: string;
  readonly password: string;
  /** The client that the request names without authentication. */
  readonly client?: string;
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-6 */
interface ByRefreshToken extends Partial<PresentedClient> {
  readonly grant: 'refresh_token';
  readonly token: string;
}

/** A token request, not authenticated. */
export type TokenRequest = Common & (ByCaller | ByClient | ByPassword | ByRefreshToken);

type Fields = ReadonlyMap<string, unknown>;

/** Credentials of the headers. */
interface Presented {
  /** Client credentials by `Basic`. */
  readonly basic?: PresentedClient;
  /** Whether there are others: an access token or an API key. */
  readonly isOther: boolean;
}

/**
 * Parses a token request.
 *
 * @param headers - Headers of the request.
 * @param fields - Fields of its body. Unknown ones are ignored.
 *
 * @throws {@link InvalidInput} if a field is missing or malformed, or if there are two credentials.
 * @throws {@link OAuthProblem} for an unknown grant, and for malformed `Basic` credentials.
 */
export function parseTokenRequest(headers: IncomingHttpHeaders, fields: Fields): TokenRequest {
  const common = { wantsCookie: flag(fields, 'p_cookie'), ...scopesIn(fields) };
  const hasKey = headers['x-api-key'] !== undefined;
  const basic = hasKey ? undefined : basicClient(headers.authorization);
  const presented = { basic, isOther: hasKey || (headers.authorization !== undefined && !basic) };
  const grant = textOf(fields, 'grant_type');
  switch (grant) {
    case 'password':
      return { ...common, ...passwordIn(fields, presented) };
    case 'refresh_token':
      return { ...common, ...refreshTokenIn(fields, presented) };
    case 'client_credentials':
    case undefined:
      return { ...common, ...clientOrCaller(fields, presented, grant) };
    default:
      throw new OAuthProblem(400, 'unsupported_grant_type', '[PR400-AN-0001] - Unsupported grant type. Send ' +
        'grant_type=password, refresh_token or client_credentials');
  }
}

function clientOrCaller(fields: Fields, { basic, isOther }: Presented, grant?: string): ByCaller | ByClient {
  const inBody = fields.has('client_id') || fields.has('client_secret');
  if (isOther && inBody) {
    throw new InvalidInput('Both client_id or client_secret and a header with credentials were sent: send one of them, ' +
      'so that it is clear who asks');
  }
  if (!basic && !inBody) {
    return { grant: 'caller' };
  }
  if (grant === undefined) {
    throw new InvalidInput('grant_type is required');
  }
  return { grant: 'client_credentials', ...basic ? sameClient(basic, fields) : clientIn(fields) };
}

function passwordIn(fields: Fields, { basic, isOther }: Presented): ByPassword {
  const [ username, password ] = [ required(fields, 'username'), required(fields, 'password') ];
  if (basic || isOther) {
    throw new InvalidInput('Both username and a header with credentials were sent: send one of them, so that it is ' +
      'clear who asks');
  }
  if (fields.has('client_secret')) {
    throw new InvalidInput('Authentication of apps is not supported with grant_type=password: log in without ' +
      'client_secret');
  }
  return { grant: 'password', username, password, ...namedClient(fields) };
}

function refreshTokenIn(fields: Fields, { basic, isOther }: Presented): ByRefreshToken {
  const token = required(fields, 'refresh_token');
  if (isOther) {
    throw new InvalidInput('Both refresh_token and a header with credentials were sent: send one of them, so that it ' +
      'is clear who asks');
  }
  if (basic || fields.has('client_secret')) {
    return { grant: 'refresh_token', token, ...basic ? sameClient(basic, fields) : clientIn(fields) };
  }
  return { grant: 'refresh_token', token, id: namedClient(fields).client };
}

function clientIn(fields: Fields): PresentedClient {
  const [ id, secret ] = [ textOf(fields, 'client_id'), textOf(fields, 'client_secret') ];
  if (id === undefined || secret === undefined) {
    throw new InvalidInput('client_id and client_secret are required');
  }
  return { id, secret };
}

/** The client that a request names without a secret. */
function namedClient(fields: Fields): { readonly client?: string } {
  const client = textOf(fields, 'client_id');
  if (client !== undefined && client.length > MAX_CLIENT) {
    throw new InvalidInput(`client_id is longer than ${MAX_CLIENT} characters`);
  }
  return { client };
}

/**
 * The client of the header, which the body may name too, but without a secret.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3
 */
function sameClient(basic: PresentedClient, fields: Fields): PresentedClient {
  if (fields.has('client_secret') || (textOf(fields, 'client_id') ?? basic.id) !== basic.id) {
    throw new InvalidInput('Two clients, or two secrets, were sent: send one of them, so that it is clear who asks');
  }
  return basic;
}

/** The requested scopes. An empty value counts as absent, see RFC 6749, section 3.1. */
function scopesIn(fields: Fields): { readonly scopes?: readonly string[] } {
  const scope = fields.get('scope') ?? '';
  if (typeof scope !== 'string') {
    throw new InvalidInput('scope must be a string of names, separated by spaces');
  }
  const names = scope.split(' ').filter(Boolean);
  return names.length > 0 ? { scopes: names } : {};
}

function required(fields: Fields, name: string): string {
  const value = textOf(fields, name);
  if (value === undefined) {
    throw new InvalidInput(`[PR400-AN-0016] - Required parameter [${name}] missing.`);
  }
  return value;
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  if (value !== undefined && (typeof value !== 'string' || value === '')) {
    throw new InvalidInput(`${name} must be a string that is not empty`);
  }
  return value;
}

function flag(fields: Fields, name: string): boolean {
  const value = fields.get(name) ?? 'false';
  if (value !== true && value !== false && value !== 'true' && value !== 'false') {
    throw new InvalidInput(`${name} must be true or false`);
  }
  return value === true || value === 'true';
}
