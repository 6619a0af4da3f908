import type {
  AuxiliaryStrategy,
  ErrorHandler,
  HttpHandlerInput,
  HttpRequest,
  HttpResponse,
  ResponseWriter,
  TargetExtractor,
} from '../css';
import {
  BadRequestHttpError,
  createErrorMessage,
  ForbiddenHttpError,
  getLoggerFor,
  HttpError,
  HttpHandler,
  NotImplementedHttpError,
  UnauthorizedHttpError,
} from '../css';
import type { Access, Mode } from '../access/ports';
import { coversTopic } from '../access/topicAccess';
import { JSON_LD } from '../event/mediaTypes';
import { NotAuthorized } from '../event/NotAuthorized';
import type { Authenticator } from '../http/Authenticator';
import { HttpProblem } from '../http/errors';
import { expectsJson } from '../http/listing/jsonPreference';
import type { Caller } from '../identity/Caller';
import type { GrantedCredentialsExtractor } from './GrantedCredentialsExtractor';
import type { OwnedPods } from './ports';
import { asHttpError } from './storeHttpError';
import { withTopicView } from './topicView';

/** Components of an {@link ApiKeyLdpHandler}. */
export interface ApiKeyLdpHandlerArgs {
  /** Returns the URL of a request. */
  targetExtractor: TargetExtractor;
  /** Finds the pod of a URL, and the owners of a pod. */
  pods: OwnedPods;
  /** Authenticates API keys and tokens of this server. */
  authenticator: Authenticator;
  /** Decides access, without a cache. */
  access: Access;
  /** Auxiliary resources, which keys cannot access. */
  auxiliaryStrategy: AuxiliaryStrategy;
  /** Passes the agent of a key on to the LDP handler. */
  credentials: GrantedCredentialsExtractor;
  /** The server's own LDP handler. */
  ldpHandler: HttpHandler;
  /** Converts errors to responses of the server's own form. */
  errorHandler: ErrorHandler;
  /** Writes these responses. */
  responseWriter: ResponseWriter;
}

/** The resource of a request. */
interface Target {
  readonly request: HttpRequest;
  readonly method: string;
  readonly url: string;
}

/** A request that its API key allows. */
interface Grant {
  readonly caller: Caller;
  /** URL of `inbox/` or `publish/`. */
  readonly container: string;
}

/** `inbox/` and `publish/` with their direct members, relative to the pod. */
const PLACE = /^((inbox|publish)\/)([^/]*)$/u;
/** Suffixes of access control documents and descriptions, whether or not the server uses them. */
const AUXILIARY = /\.(?:acl|acr|meta)$/iu;
const READS: ReadonlySet<string> = new Set([ 'GET', 'HEAD' ]);

const REMEDY = 'send an access token of Solid-OIDC instead, in "Authorization"';

/**
 * Handles LDP requests with an API key or a token of this server.
 *
 * A key with the scope `read` is accepted in pods that its WebID owns, within access control and the limits of the key:
 * GET and HEAD of `inbox/`, `publish/` and their direct members, and DELETE of members of `inbox/`. The server's own
 * LDP handler answers such a request as a request of the WebID. At all other resources, a request with a key counts as
 * public. It is refused with an explanation if the public has no access.
 *
 * Method and URL are read from the request line, by the server's own target extractor, before the key is evaluated.
 */
export class ApiKeyLdpHandler extends HttpHandler {
  protected readonly logger = getLoggerFor(this);
  private readonly targetExtractor: TargetExtractor;
  private readonly pods: OwnedPods;
  private readonly authenticator: Authenticator;
  private readonly access: Access;
  private readonly auxiliaryStrategy: AuxiliaryStrategy;
  private readonly credentials: GrantedCredentialsExtractor;
  private readonly ldpHandler: HttpHandler;
  private readonly errorHandler: ErrorHandler;
  private readonly responseWriter: ResponseWriter;

  public constructor(args: ApiKeyLdpHandlerArgs) {
    super();
    this.targetExtractor = args.targetExtractor;
    this.pods = args.pods;
    this.authenticator = args.authenticator;
    this.access = args.access;
    this.auxiliaryStrategy = args.auxiliaryStrategy;
    this.credentials = args.credentials;
    this.ldpHandler = args.ldpHandler;
    this.errorHandler = args.errorHandler;
    this.responseWriter = args.responseWriter;
  }

  public override async canHandle({ request }: HttpHandlerInput): Promise<void> {
    if (!this.authenticator.hasKeyOrToken(request)) {
      throw new NotImplementedHttpError('The request has neither an API key nor a token of this server.');
    }
  }

  public override async handle({ request, response }: HttpHandlerInput): Promise<void> {
    let grant: Grant | undefined;
    try {
      const method = request.method!;
      grant = await this.evaluate({ request, method, url: (await this.targetExtractor.handleSafe({ request })).path });
    } catch (error: unknown) {
      const refusal = toHttpError(error);
      if (refusal) {
        await this.refuse(request, response, refusal);
        return;
      }
      // Without a grant, the LDP handler fails in its own form.
      this.logger.error(`The API key of ${request.method} ${request.url?.split('?', 1)[0]} was not evaluated: ${createErrorMessage(error)}`);
    }
    await (grant ? this.handleAs(grant, request, response) : this.ldpHandler.handleSafe({ request, response }));
  }

  /** Returns the grant of a request with a key that applies to its target; `undefined` if it counts as public. */
  private async evaluate(target: Target): Promise<Grant | undefined> {
    const { request, method, url } = target;
    const pod = await this.pods.locate(url);
    const place = pod === undefined ? null : PLACE.exec(url.slice(pod.length));
    try {
      if (pod === undefined || !place || this.isAuxiliary(url)) {
        if (this.authenticator.hasOtherCredential(request)) {
          return undefined;
        }
        throw new UnauthorizedHttpError(`API keys do not open ${url}: they read only {pod}inbox/, {pod}publish/ and ` +
          `their direct members; ${REMEDY}`);
      }
      const [ path, folder, , member ] = place;
      const caller = await this.authenticator.callerOf({ request, method, pod, path, url }, [ 'read' ]);
      if (!READS.has(method) && !(method === 'DELETE' && folder === 'inbox/' && member !== '')) {
        throw new NotAuthorized(`API keys do not allow ${method} of ${url}: they allow GET and HEAD, and DELETE of ` +
          `members of {pod}inbox/; ${REMEDY}`);
      }
      const container = `${pod}${folder}`;
      await this.assertAllowed(caller, pod, target, container);
      return { caller, container };
    } catch (error: unknown) {
      const isRefusal = error instanceof NotAuthorized || UnauthorizedHttpError.isInstance(error);
      if (isRefusal && await this.isPublic(method, url)) {
        return undefined;
      }
      throw error;
    }
  }

  private async assertAllowed(caller: Caller, pod: string, { method, url }: Target, container: string): Promise<void> {
    const { agent } = caller;
    if (agent === undefined || !await this.pods.isOwner(pod, agent)) {
      throw new NotAuthorized(`API keys open ${url} only if their WebID owns the pod ${pod}: use a key of an owner, ` +
        `or ${REMEDY}`);
    }
    const [ mode, resources ] = READS.has(method) ? [ 'read', [ url ]] as const : [ 'write', [ url, container ]] as const;
    if ((await this.access.allowed(caller, resources, mode)).size < resources.length) {
      throw new NotAuthorized(`${agent} has no acl:${mode === 'read' ? 'Read' : 'Write'} on ${resources.join(' and ')}: ` +
        'grant it in the access control document');
    }
  }

  private isAuxiliary(url: string): boolean {
    return AUXILIARY.test(url) || this.auxiliaryStrategy.isAuxiliaryIdentifier({ path: url });
  }

  /** Whether the public has any of the permissions that a method can need. */
  private async isPublic(method: string, url: string): Promise<boolean> {
    const modes: readonly Mode[] = READS.has(method) ? [ 'read' ] : [ 'append', 'write' ];
    for (const mode of modes) {
      if ((await this.access.allowed({}, [ url ], mode)).has(url)) {
        return true;
      }
    }
    return false;
  }

  private async handleAs({ caller, container }: Grant, request: HttpRequest, response: HttpResponse): Promise<void> {
    this.credentials.grant(request, caller.agent!);
    // The key has been verified. The server's own extractors would log it as an invalid access token.
    delete request.headers.authorization;
    if (expectsJson(request)) {
      // Anything else is accepted too, because an inbox can have members of any type.
      request.headers.accept = `${JSON_LD}, */*;q=0.1`;
    }
    forbidCaching(response);
    if (request.method === 'DELETE') {
      confirmWithOk(response);
    }
    const view = caller.limits?.topics && { container, shows: (topic: string): boolean => coversTopic(caller, topic) };
    await withTopicView(view, async(): Promise<void> => this.ldpHandler.handleSafe({ request, response }));
  }

  private async refuse(request: HttpRequest, response: HttpResponse, error: HttpError): Promise<void> {
    forbidCaching(response);
    const result = await this.errorHandler.handleSafe({ error, request });
    await this.responseWriter.handleSafe({ response, result });
  }
}

/** Keys differ in their view of a resource, and caches do not know the header of the key. */
function forbidCaching(response: HttpResponse): void {
  response.setHeader('Cache-Control', 'no-store');
}

/** Replaces the server's status 205 with 200, as clients of Yodata expect after a DELETE. */
function confirmWithOk(response: HttpResponse): void {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status: number): HttpResponse => {
    if (status === 205) {
      response.setHeader('Content-Length', 0);
    }
    return writeHead(status === 205 ? 200 : status);
  };
}

/** Converts an error of authentication to an error of the server; `undefined` for other errors. */
function toHttpError(error: unknown): HttpError | undefined {
  const known = asHttpError(error);
  if (HttpError.isInstance(known)) {
    return known;
  }
  if (error instanceof NotAuthorized) {
    return new ForbiddenHttpError(error.message, { cause: error });
  }
  if (error instanceof HttpProblem) {
    const { status, message } = error;
    return status === 401 ?
      new UnauthorizedHttpError(message, { cause: error }) :
      new BadRequestHttpError(message, { cause: error });
  }
  return undefined;
}
