import TTLCache from '@isaacs/ttlcache';
import type { HttpHandlerInput, HttpRequest, HttpResponse, TargetExtractor } from '@solid/community-server';
import { getLoggerFor, HttpHandler, NotImplementedHttpError } from '@solid/community-server';
import { v7 } from 'uuid';
import { InvalidInput } from '../event/InvalidInput';
import type { PodDirectory } from '../pod/PodDirectory';
import { ProfileUnavailable } from '../identity/profiles/ProfileUnavailable';
import { Conflict } from '../publish/Conflict';
import { NotAuthorized } from '../publish/NotAuthorized';
import { TooMany } from '../publish/TooMany';
import { NoRoom } from '../store/NoRoom';
import { Busy, ClientGone } from '../work/errors';
import { HttpProblem, methodNotAllowed } from './errors';
import type { Answer, Exchange, Face, PassedOn, Rule } from './Face';

interface Match extends Exchange {
  readonly face: Face;
  readonly rule: Rule;
  /** Whether the face is one of the server as a whole, so that no pod has to exist. */
  readonly isOfServer: boolean;
}

/** Which face answers at a URL, and how. */
type Place = Pick<Match, 'face' | 'path' | 'pod' | 'rule'>;

interface Target {
  readonly url: string;
  /** What answers there, if it is a face of the server as a whole. */
  readonly ofServer?: Place;
}

/** How many URLs are remembered, and for how long, in milliseconds. */
const MOST_URLS = 1_000;
const URL_MAX_AGE = 60_000;
/** After how many seconds it may be tried again where the profile of somebody could not be had. */
const PROFILE_RETRY = 60;

/**
 * The border to the server: finds the face that a request is for, and writes the answer.
 *
 * A path of no face, and a method that a face leaves to LDP, is not handled here, so the server's own handlers do.
 */
export class EventHttpHandler extends HttpHandler {
  protected readonly logger = getLoggerFor(this);
  private readonly targetExtractor: TargetExtractor;
  private readonly pods: PodDirectory;
  private readonly faces: readonly Face[];
  private readonly baseUrl: string;
  private readonly serverFaces: readonly Face[];
  private readonly ldpHandler: HttpHandler;
  private readonly urls = new TTLCache<string, Target>({ max: MOST_URLS, ttl: URL_MAX_AGE });
  private readonly matches = new WeakMap<HttpRequest, Match>();

  /**
   * @param targetExtractor - Tells the URL of a request.
   * @param pods - Knows the pods.
   * @param faces - The faces of each pod, of which the first that has the path answers.
   * @param baseUrl - The base URL of the server.
   * @param serverFaces - The faces of the server as a whole, which go before those of pods.
   * @param ldpHandler - The server's own handler of LDP, for what a face leaves to it.
   */
  public constructor(
    targetExtractor: TargetExtractor,
    pods: PodDirectory,
    faces: Face[],
    baseUrl: string,
    serverFaces: Face[],
    ldpHandler: HttpHandler,
  ) {
    super();
    this.targetExtractor = targetExtractor;
    this.pods = pods;
    this.faces = faces;
    this.baseUrl = baseUrl;
    this.serverFaces = serverFaces;
    this.ldpHandler = ldpHandler;
  }

  public override async canHandle({ request }: HttpHandlerInput): Promise<void> {
    const match = await this.match(request);
    if (!match || match.rule.ldp.includes(match.method)) {
      throw new NotImplementedHttpError('No face has this path.');
    }
    this.matches.set(request, match);
  }

  public override async handle({ request, response }: HttpHandlerInput): Promise<void> {
    const match = this.matches.get(request)!;
    const answer = await this.answer(match);
    if ('passedOn' in answer) {
      await this.ldpHandler.handleSafe({ request: answer.passedOn, response });
    } else {
      write(response, answer, match.method);
    }
  }

  /** The URL of a request, which follows from its path and these headers, so it is found once for each. */
  private async targetOf(request: HttpRequest): Promise<Target> {
    const { headers } = request;
    const parts = [ headers.host, headers.forwarded, headers['x-forwarded-host'], headers['x-forwarded-proto'], request.url ];
    const name = parts.join('\n');
    let target = this.urls.get(name);
    if (target === undefined) {
      const url = (await this.targetExtractor.handleSafe({ request })).path;
      target = { url, ofServer: url.startsWith(this.baseUrl) ? find(this.serverFaces, url, this.baseUrl) : undefined };
      this.urls.set(name, target);
    }
    return target;
  }

  private async match(request: HttpRequest): Promise<Match | undefined> {
    const { url, ofServer } = await this.targetOf(request);
    const pod = ofServer ? undefined : await this.pods.locate(url);
    const place = ofServer ?? (pod === undefined ? undefined : find(this.faces, url, pod));
    return place && { request, method: request.method!, url, isOfServer: ofServer !== undefined, ...place };
  }

  private async answer(match: Match): Promise<Answer | PassedOn> {
    const { face, rule, url, pod, isOfServer } = match;
    try {
      const exchange = face.prepare(match);
      const { method } = exchange;
      if (rule.own && !rule.own.includes(method)) {
        throw methodNotAllowed(method, url, [ ...rule.ldp, ...rule.own ]);
      }
      if (!isOfServer && !await this.pods.exists(pod)) {
        throw new HttpProblem(404, `There is no pod at ${pod}`);
      }
      return await face.handle(exchange);
    } catch (error: unknown) {
      return face.problem(this.toProblem(error, match), match);
    }
  }

  private toProblem(error: unknown, { method, url }: Exchange): HttpProblem {
    if (error instanceof HttpProblem) {
      return error;
    }
    if (error instanceof InvalidInput) {
      return new HttpProblem(400, error.message);
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
    if (error instanceof ProfileUnavailable) {
      return new HttpProblem(503, error.message, { 'Retry-After': String(PROFILE_RETRY) });
    }
    if (error instanceof Busy) {
      return new HttpProblem(503, error.message, { 'Retry-After': String(error.retryAfter) });
    }
    if (error instanceof ClientGone) {
      // Nobody reads it.
      return new HttpProblem(400, error.message);
    }
    if (error instanceof NoRoom) {
      this.logger.error(`${method} ${url} was refused: ${error.message}`);
      // See https://www.rfc-editor.org/rfc/rfc4918#section-11.5
      return new HttpProblem(507, 'The server has no room left to store this; nothing was stored, try again later');
    }
    const id = v7();
    this.logger.error(`${method} ${url} failed (${id}): ${(error as Error).stack ?? String(error)}`);
    return new HttpProblem(500, `The server could not do this; its log says why, under ${id}`);
  }
}

/** The first face that has the path of a URL behind a base URL, where there is one. */
function find(faces: readonly Face[], url: string, pod: string): Place | undefined {
  const path = url.slice(pod.length);
  for (const face of path ? faces : []) {
    const rule = face.ruleFor(path);
    if (rule) {
      return { face, rule, pod, path };
    }
  }
}

function write(response: HttpResponse, { status, headers, body = '' }: Answer, method: string): void {
  // See https://www.rfc-editor.org/rfc/rfc9110#section-8.6-10
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  // Caches that are shared do not know all headers by which somebody can say who it is.
  const caching = { 'Cache-Control': 'no-store' };
  if (headers?.['Access-Control-Allow-Origin'] === '*') {
    // See https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    response.removeHeader('Access-Control-Allow-Credentials');
  }
  response.writeHead(status, { ...length, ...caching, ...headers });
  response.end(method === 'HEAD' ? undefined : body);
}
