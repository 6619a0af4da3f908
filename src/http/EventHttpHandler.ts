import TTLCache from '@isaacs/ttlcache';
import type { HttpHandlerInput, HttpRequest, HttpResponse, TargetExtractor } from '../css';
import { getLoggerFor, HttpHandler, NotImplementedHttpError } from '../css';
import { v7 } from 'uuid';
import { InvalidInput } from '../event/InvalidInput';
import type { RequestedPods } from './ports';
import type { ServerUrls } from '../url/ServerUrls';
import { ProfileUnavailable } from '../identity/profiles/ProfileUnavailable';
import { Conflict } from '../event/Conflict';
import { CostBudget } from '../access/CostBudget';
import type { CostAccount } from '../access/CostBudget';
import { charge, chargeTo, COSTS } from '../access/costs';
import { NotAuthorized } from '../event/NotAuthorized';
import { NotAdmitted } from '../publish/NotAdmitted';
import { TooMany } from '../event/TooMany';
import { ContainerGone } from '../store/ContainerGone';
import { StorageFull } from '../store/StorageFull';
import { StoreUnavailable } from '../store/StoreUnavailable';
import { BodyBudget } from './BodyBudget';
import { withinBodyBudget } from './body';
import { clientAddress } from './clientAddress';
import { Busy, ClientDisconnected } from '../work/errors';
import { credentialRequired, HttpProblem, methodNotAllowed } from './errors';
import type { EndpointResponse, HttpExchange, Endpoint, PassThrough, PathRule } from './Endpoint';
import { jsonResponse } from './Endpoint';
import { LimitedLog } from './LimitedLog';
import { linger } from './linger';

interface Match extends HttpExchange {
  readonly endpoint: Endpoint;
  readonly rule: PathRule;
  /** Whether the endpoint is one of the server as a whole, so that no pod has to exist. */
  readonly isOfServer: boolean;
}

/** Which endpoint answers at a URL, and how. */
type Place = Pick<Match, 'endpoint' | 'path' | 'pod' | 'rule'>;

interface Target {
  readonly url: string;
  /** The endpoint of the server as a whole that answers there, if any. */
  readonly ofServer?: Place;
  /** Refuses the request, if its URL is not in canonical form. */
  readonly alias?: EndpointResponse;
}

/** How many URLs are remembered, and for how long, in milliseconds. */
const MOST_URLS = 1_000;
const URL_MAX_AGE = 60_000;
/** The longest URL that is remembered, with its headers, in characters. */
const LONGEST_NAME = 4_096;
/** Maximum length of a path in an error message, in characters. */
const LONGEST_SHOWN_PATH = 200;
/** After how many seconds it may be tried again where the profile of somebody could not be had. */
const PROFILE_RETRY = 60;
/** Methods that change nothing. */
const SAFE: ReadonlySet<string> = new Set([ 'GET', 'HEAD', 'OPTIONS' ]);

/**
 * The border to the server: finds the endpoint that a request is for, and writes the answer.
 *
 * Paths without an endpoint, and methods that an endpoint leaves to LDP, are handled by the server's own handlers.
 */
export class EventHttpHandler extends HttpHandler {
  protected readonly logger = getLoggerFor(this);
  private readonly unavailable = new LimitedLog((line): unknown => this.logger.error(line));
  private readonly targetExtractor: TargetExtractor;
  private readonly pods: RequestedPods;
  private readonly endpoints: readonly Endpoint[];
  private readonly baseUrl: string;
  private readonly serverEndpoints: readonly Endpoint[];
  private readonly ldpHandler: HttpHandler;
  private readonly serverUrls: ServerUrls;
  private readonly budget: CostBudget;
  private readonly bodies: BodyBudget;
  private readonly isProxyTrusted: boolean;
  private readonly urls = new TTLCache<string, Target>({ max: MOST_URLS, ttl: URL_MAX_AGE });
  private readonly matches = new WeakMap<HttpRequest, Match | EndpointResponse>();

  /**
   * @param targetExtractor - Tells the URL of a request.
   * @param pods - Knows the pods.
   * @param endpoints - The endpoints of each pod, of which the first that has the path answers.
   * @param baseUrl - The base URL of the server.
   * @param serverEndpoints - The endpoints of the server as a whole, which go before those of pods.
   * @param ldpHandler - The server's own LDP handler, for requests that endpoints leave to it.
   * @param urls - Canonical form of URLs of this server.
   * @param budget - Limits the cost of requests. Default: no limit.
   * @param bodies - Limits the total size of the bodies that are held. Default: 64 MiB.
   * @param trustProxy - Whether a proxy in front appends the address of each client to `X-Forwarded-For`.
   */
  public constructor(
    targetExtractor: TargetExtractor,
    pods: RequestedPods,
    endpoints: Endpoint[],
    baseUrl: string,
    serverEndpoints: Endpoint[],
    ldpHandler: HttpHandler,
    urls: ServerUrls,
    budget: CostBudget = new CostBudget(baseUrl, 0),
    bodies: BodyBudget = new BodyBudget(),
    trustProxy = false,
  ) {
    super();
    this.targetExtractor = targetExtractor;
    this.pods = pods;
    this.endpoints = endpoints;
    this.baseUrl = baseUrl;
    this.serverEndpoints = serverEndpoints;
    this.ldpHandler = ldpHandler;
    this.serverUrls = urls;
    this.budget = budget;
    this.bodies = bodies;
    this.isProxyTrusted = trustProxy;
  }

  /** Names of the HTTP APIs that are configured. */
  public get endpointNames(): string[] {
    return [ ...this.serverEndpoints, ...this.endpoints ].map((endpoint): string => endpoint.constructor.name.replace(/Endpoint$/u, ''));
  }

  /**
   * Whether an endpoint answers at a URL, so that a resource there cannot be reached as a resource. Other spellings of
   * an endpoint's path, with or without the slash at the end, leave an existing resource accessible.
   *
   * @param url - The URL.
   * @param pod - The base URL of the pod in which it lies.
   */
  public isClaimed(url: string, pod: string): boolean {
    const ofServer = url.startsWith(this.baseUrl) ? find(this.serverEndpoints, url, this.baseUrl) : undefined;
    const isOfPod = !ofServer || (ofServer.rule.yieldsToPods && pod !== this.baseUrl);
    const place = isOfPod ? find(this.endpoints, url, pod) : ofServer;
    return place !== undefined && isSpelledAs(url, place) && !place.rule.ldp.includes('GET');
  }

  public override async canHandle({ request }: HttpHandlerInput): Promise<void> {
    const { alias } = await this.targetOf(request);
    if (alias) {
      this.matches.set(request, alias);
      return;
    }
    const match = await this.matchSafe(request);
    if (match instanceof StoreUnavailable) {
      const { method, url } = request;
      const { status, message, headers } = this.toProblem(match, { method: method!, url: url! });
      this.matches.set(request, jsonResponse(status, { error: message }, headers));
      return;
    }
    if (!match || isOfLdp(match)) {
      throw new NotImplementedHttpError('No endpoint has this path.');
    }
    this.matches.set(request, match);
  }

  public override async handle({ request, response }: HttpHandlerInput): Promise<void> {
    const match = this.matches.get(request)!;
    if ('status' in match) {
      write(request, response, match);
      return;
    }
    const account = this.budget.open(match.pod, clientAddress(request, this.isProxyTrusted));
    try {
      await withinBodyBudget(this.bodies, async(): Promise<void> => {
        const answer = await chargeTo(account, async(): Promise<EndpointResponse | PassThrough> =>
          this.answer(match, account));
        if ('stream' in answer && answer.stream) {
          await chargeTo(account, async(): Promise<void> => writeStream(response, answer));
          return;
        }
        if ('passThrough' in answer) {
          await this.ldpHandler.handleSafe({ request: moveTo(answer.passThrough, match.url), response });
        } else {
          write(request, response, answer, match.method);
        }
      });
    } finally {
      account.close();
    }
  }

  /** The URL of a request, which follows from its path and these headers, so it is found once for each. */
  private async targetOf(request: HttpRequest): Promise<Target> {
    const { headers } = request;
    const parts = [ headers.host, headers.forwarded, headers['x-forwarded-host'], headers['x-forwarded-proto'], request.url ];
    const name = parts.join('\n');
    let target = this.urls.get(name);
    if (target === undefined) {
      const url = await this.urlOf(request);
      if (url === undefined) {
        return { url: request.url!, alias: malformedResponse(request.url!) };
      }
      const canonical = this.serverUrls.targetOf(url);
      // The server would find the same file by an alias, which neither its access control nor an endpoint recognizes.
      const alias = canonical === url ? undefined : aliasAnswer(url, canonical);
      target = {
        url,
        alias,
        ofServer: url.startsWith(this.baseUrl) ? find(this.serverEndpoints, url, this.baseUrl) : undefined,
      };
      if (name.length <= LONGEST_NAME) {
        this.urls.set(name, target);
      }
    }
    return target;
  }

  /** The URL of a request; `undefined` if its percent-encoding is malformed. */
  private async urlOf(request: HttpRequest): Promise<string | undefined> {
    try {
      return (await this.targetExtractor.handleSafe({ request })).path;
    } catch (error: unknown) {
      if ((error as Error).name === 'URIError') {
        return undefined;
      }
      throw error;
    }
  }

  /** If the store cannot tell the pod of a URL, only safe methods are left to the server's own LDP. */
  private async matchSafe(request: HttpRequest): Promise<Match | StoreUnavailable | undefined> {
    try {
      return await this.match(request);
    } catch (error: unknown) {
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
      return SAFE.has(request.method!) ? undefined : error;
    }
  }

  private async match(request: HttpRequest): Promise<Match | undefined> {
    const target = await this.targetOf(request);
    const { url } = target;
    const ofServer = target.ofServer?.rule.yieldsToPods && await this.isInPod(url) ? undefined : target.ofServer;
    const pod = ofServer ? undefined : await this.pods.locate(url);
    const place = ofServer ?? (pod === undefined ? undefined : find(this.endpoints, url, pod, request));
    if (place && !ofServer && !isSpelledAs(url, place) && await this.pods.hasResource(url)) {
      // The owner's resource with this URL is older than the endpoint's other spellings, or wanted instead of them.
      return undefined;
    }
    return place && {
      request, method: request.method!, url: `${place.pod}${place.path}`, isOfServer: ofServer !== undefined, ...place,
    };
  }

  /** Whether an existing pod below the base URL contains a URL. */
  private async isInPod(url: string): Promise<boolean> {
    const pod = await this.pods.locate(url);
    return pod !== undefined && pod !== this.baseUrl && this.pods.exists(pod);
  }

  private async answer(match: Match, account: CostAccount): Promise<EndpointResponse | PassThrough> {
    const { endpoint, rule, url, pod, isOfServer } = match;
    try {
      charge(COSTS.request);
      const exchange = endpoint.prepare(match);
      const { method } = exchange;
      if (rule.own && !rule.own.includes(method)) {
        throw methodNotAllowed(method, url, [ ...new Set([ ...rule.ldp, ...rule.own ]) ]);
      }
      if (!isOfServer && !await this.pods.exists(pod)) {
        // Made-up pods share one budget, so that they are no way around it.
        account.moveTo(this.baseUrl);
        throw new HttpProblem(404, `There is no pod at ${pod}`);
      }
      const answer = await endpoint.handle(exchange);
      if (!('passThrough' in answer)) {
        account.identify({});
      }
      return answer;
    } catch (error: unknown) {
      return endpoint.errorResponse(this.toProblem(settled(account, error), match), match);
    }
  }

  private toProblem(error: unknown, { method, url }: Pick<HttpExchange, 'method' | 'url'>): HttpProblem {
    if (error instanceof HttpProblem) {
      return error;
    }
    if (error instanceof InvalidInput) {
      return new HttpProblem(400, error.message);
    }
    if (error instanceof NotAdmitted && error.isPublic) {
      return credentialRequired(error.message);
    }
    if (error instanceof NotAuthorized) {
      return new HttpProblem(403, error.message);
    }
    if (error instanceof TooMany) {
      // See https://www.rfc-editor.org/rfc/rfc6585#section-4
      return new HttpProblem(429, error.message, { 'Retry-After': String(error.retryAfter) });
    }
    if (error instanceof Conflict) {
      return new HttpProblem(409, error.message);
    }
    if (error instanceof ContainerGone) {
      return new HttpProblem(url === error.container ? 404 : 409, error.message);
    }
    if (error instanceof ProfileUnavailable) {
      return new HttpProblem(503, error.message, { 'Retry-After': String(PROFILE_RETRY) });
    }
    if (error instanceof Busy) {
      return new HttpProblem(503, error.message, { 'Retry-After': String(error.retryAfter) });
    }
    if (error instanceof ClientDisconnected) {
      // Nobody reads it.
      return new HttpProblem(400, error.message);
    }
    if (error instanceof StorageFull) {
      this.logger.error(`${method} ${url} was refused: ${error.message}`);
      // See https://www.rfc-editor.org/rfc/rfc4918#section-11.5
      return new HttpProblem(507, 'The server has no room left to store this; nothing was stored, try again later');
    }
    if (error instanceof StoreUnavailable) {
      this.unavailable.log(`${method} ${url} was refused: ${error.message}`);
      // See https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4
      return new HttpProblem(
        503,
        `The server's event store cannot be used now; nothing was stored, try again in ${error.retryAfter} seconds`,
        { 'Retry-After': String(error.retryAfter) },
      );
    }
    const id = v7();
    this.logger.error(`${method} ${url} failed (${id}): ${(error as Error).stack ?? String(error)}`);
    return new HttpProblem(500, `The server could not do this; its log says why, under ${id}`);
  }
}

/** Refuses a URL that is not in canonical form as the server reads it, for example because of a raw backslash. */
function aliasAnswer(url: string, canonical?: string): EndpointResponse {
  return jsonResponse(400, { error: `${url} is not a URL of this server${canonical ? `; use ${canonical}` : ''}` });
}

/** Refuses a path that no URL can have: `%` without two hexadecimal digits, or bytes that are not UTF-8. */
function malformedResponse(path: string): EndpointResponse {
  const shown = path.split('?', 1)[0].slice(0, LONGEST_SHOWN_PATH);
  return jsonResponse(400, {
    error: `The path ${shown} has an invalid percent-encoding: write "%" as "%25", and other characters as UTF-8 bytes`,
  });
}

/** The error of a refused request. Without a known agent, its cost is charged to the address of the client. */
function settled(account: CostAccount, error: unknown): unknown {
  try {
    account.identify({});
    return error;
  } catch (excess: unknown) {
    return excess;
  }
}

/** Whether a request is left to the server's own LDP. */
function isOfLdp({ rule: { own, ldp }, method }: Match): boolean {
  return ldp.includes(method) && !own?.includes(method);
}

/**
 * The endpoint that has the path of a URL behind a base URL, if there is one.
 *
 * A path with and without a slash at its end is the same. The place has the spelling that the endpoint knows. Several
 * endpoints can share a path, with different methods. If none has the method of the request, the first one refuses it.
 */
function find(endpoints: readonly Endpoint[], url: string, pod: string, request?: HttpRequest): Place | undefined {
  const plain = url.slice(pod.length).replace(/\/$/u, '');
  let first: Place | undefined;
  for (const path of plain === '' ? [] : [ plain, `${plain}/` ]) {
    for (const endpoint of endpoints) {
      const rule = endpoint.ruleFor(path);
      if (rule && (!request || (endpoint.accepts?.(request) ?? true))) {
        const place = { endpoint, rule, pod, path };
        if (!request || !rule.own || rule.own.includes(request.method!)) {
          return place;
        }
        first ??= place;
      }
    }
    if (first) {
      break;
    }
  }
  return first;
}

/** Whether a URL has the spelling that the endpoint of a place knows. */
function isSpelledAs(url: string, { pod, path }: Place): boolean {
  return url === `${pod}${path}`;
}

/** Gives a request the URL of its place, which the server's own handlers know. */
function moveTo(request: HttpRequest, url: string): HttpRequest {
  const query = /\?.*$/su.exec(request.url!)?.[0] ?? '';
  request.url = `${new URL(url).pathname}${query}`;
  return request;
}

async function writeStream(response: HttpResponse, { status, headers, stream }: EndpointResponse): Promise<void> {
  response.writeHead(status, headers);
  response.flushHeaders();
  await stream!(response);
}

function write(
  request: HttpRequest,
  response: HttpResponse,
  { status, headers, body = '' }: EndpointResponse,
  method = request.method,
): void {
  // See https://www.rfc-editor.org/rfc/rfc9110#section-8.6-10
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  // Shared caches do not know all headers with credentials.
  const caching = { 'Cache-Control': 'no-store' };
  if (headers?.['Access-Control-Allow-Origin'] === '*') {
    // See https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    response.removeHeader('Access-Control-Allow-Credentials');
  }
  response.writeHead(status, { ...length, ...caching, ...headers });
  const sent = method === 'HEAD' ? '' : body;
  if (headers?.Connection === 'close' && !request.complete && sent !== '') {
    response.write(sent);
    void linger(request).then((): unknown => response.end());
  } else {
    response.end(sent);
  }
}
