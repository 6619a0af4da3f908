import { getLoggerFor } from '../../css';
import type { Catalogue } from '../../catalogue/Catalogue';
import { toKey } from '../../catalogue/catalogueDraft';
import { InvalidInput } from '../../event/InvalidInput';
import { LIMITS } from '../../event/limits';
import type { Caller } from '../../identity/Caller';
import type { CatalogueEntry, CatalogueEntryDraft, System, SystemDraft } from '../../catalogue/CatalogueStore';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../../http/Authenticator';
import { readText } from '../../http/body';
import { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint } from '../../http/Endpoint';
import { queryOf } from '../../http/query';
import { answerCaller } from './answerCaller';
import { readAnswer, writtenAnswer } from './eventhosAnswer';
import type { CatalogueBody } from './catalogueBody';
import { READ_CATALOGUE_BODY } from './catalogueBody';
import { eventhosError, EventhosProblem } from './eventhosProblem';
import { listParameters, pageDocument, parsePage } from './pages';

const PATH = /^(event|system)(?:\/(\d+))?$/u;

/** Maximum size of a body: a schema of 64 KiB, with room for white space and other members. */
const MAX_BYTES = 4 * LIMITS.subscriptionBytes;

const READS = new Set([ 'GET', 'HEAD' ]);

type Kind = 'event' | 'system';

/** The subject of a request. */
interface Subject {
  readonly kind: Kind;
  /** Which one it is, if it says so. */
  readonly id?: number;
  /** The body, where there is one. */
  readonly body?: CatalogueBody;
}

/**
 * `{pod}event` and `{pod}system`: the events that can be sent to a pod, and the systems that send them.
 *
 * The path names the entry to change or remove, or, as in the documents of eventhos, `id` in the query or the body.
 */
export class CatalogueEndpoint extends Endpoint {
  protected readonly logger = getLoggerFor(this);
  private readonly authenticator: Authenticator;
  private readonly catalogue: Catalogue;
  private readonly work: Work;

  /**
   * @param authenticator - Authenticates requests.
   * @param catalogue - The rules.
   * @param work - Reads large bodies.
   */
  public constructor(authenticator: Authenticator, catalogue: Catalogue, work: Work) {
    super();
    this.authenticator = authenticator;
    this.catalogue = catalogue;
    this.work = work;
  }

  public ruleFor(path: string): PathRule | undefined {
    const match = PATH.exec(path);
    if (!match) {
      return undefined;
    }
    const isItem = match[2] as string | undefined !== undefined;
    return { own: [ 'GET', 'HEAD', ...isItem ? [] : [ 'POST' ], 'PUT', 'DELETE' ], ldp: [ 'OPTIONS' ]};
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const scope = exchange.method === 'GET' || exchange.method === 'HEAD' ? 'subscribe' : 'manage';
    return answerCaller(exchange, this.authenticator, [ scope ], this.answer.bind(this));
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return eventhosError(problem, exchange, this.logger);
  }

  private async answer(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const [ , kind, inPath ] = PATH.exec(exchange.path) as unknown as [ string, Kind, string | undefined ];
    const id = inPath === undefined ? undefined : idIn(inPath, exchange);
    if (!READS.has(exchange.method)) {
      await this.catalogue.assertMayChange(exchange.pod, caller, kind);
    }
    switch (exchange.method) {
      case 'POST':
        return this.add(exchange, caller, { kind, body: await this.bodyOf(exchange, kind) });
      case 'PUT':
        return this.change(exchange, caller, await this.subjectOf(exchange, kind, id));
      case 'DELETE':
        return this.remove(exchange, caller, await this.subjectOf(exchange, kind, id));
      default:
        return id === undefined ? this.list(exchange, caller, kind) : this.show(exchange, caller, { kind, id });
    }
  }

  private async list(exchange: HttpExchange, caller: Caller, kind: Kind): Promise<EndpointResponse> {
    const page = parsePage(listParameters(exchange, []));
    return readAnswer(kind === 'event' ?
      pageDocument(page, await this.catalogue.listEntries(exchange.pod, caller, page), entryDocument) :
      pageDocument(page, await this.catalogue.listSystems(exchange.pod, caller, page), systemDocument));
  }

  private async show({ pod, url }: HttpExchange, caller: Caller, { kind, id }: Subject): Promise<EndpointResponse> {
    if (kind === 'event') {
      return readAnswer(entryDocument(found(await this.catalogue.getEntry(pod, caller, id!), url)));
    }
    return readAnswer(systemDocument(found(await this.catalogue.getSystem(pod, caller, id!), url)));
  }

  private async add({ pod, url }: HttpExchange, caller: Caller, { kind, body }: Subject): Promise<EndpointResponse> {
    if (kind === 'event') {
      const entry = await this.catalogue.addEntry(pod, caller, draftIn<CatalogueEntryDraft>(body));
      return writtenAnswer({ eventId: entry.id, ...entryDocument(entry) }, { Location: `${url}/${entry.id}` });
    }
    const system = await this.catalogue.addSystem(pod, caller, draftIn<SystemDraft>(body));
    return writtenAnswer({ systemId: system.id, ...systemDocument(system) }, { Location: `${url}/${system.id}` });
  }

  private async change(
    { pod, url }: HttpExchange,
    caller: Caller,
    { kind, id, body }: Subject,
  ): Promise<EndpointResponse> {
    if (kind === 'event') {
      const entry = found(await this.catalogue.changeEntry(pod, caller, id!, draftIn<CatalogueEntryDraft>(body)), url);
      return writtenAnswer({ eventId: entry.id, ...entryDocument(entry) });
    }
    const system = found(await this.catalogue.changeSystem(pod, caller, id!, draftIn<SystemDraft>(body)), url);
    return writtenAnswer({ systemId: system.id, ...systemDocument(system) });
  }

  private async remove({ pod, url }: HttpExchange, caller: Caller, { kind, id }: Subject): Promise<EndpointResponse> {
    if (kind === 'event') {
      found(await this.catalogue.removeEntry(pod, caller, id!) || undefined, url);
      return writtenAnswer({ eventId: id });
    }
    const removed = await this.catalogue.removeSystem(pod, caller, id!);
    if (removed === 'used') {
      throw new EventhosProblem(400, 400_207, 'System has events: delete these first');
    }
    found(removed || undefined, url);
    return writtenAnswer({ systemId: id });
  }

  /** The subject of a request to change or remove; path, query and body must agree. */
  private async subjectOf(exchange: HttpExchange, kind: Kind, inPath: number | undefined): Promise<Subject> {
    const isRemoved = exchange.method === 'DELETE';
    const body = await this.bodyOf(exchange, kind, isRemoved);
    const inQuery = queryOf(exchange).get('id') ?? undefined;
    const ids = [ inPath, inQuery, body?.id ].flatMap((id): number[] => id === undefined ? [] : [ idIn(id, exchange) ]);
    if (new Set(ids).size > 1) {
      throw new InvalidInput('Invalid body; the path, the query and the body name different ids');
    }
    if (ids.length === 0) {
      throw new InvalidInput('Invalid body; id is required, in the path, the query or the body');
    }
    return { kind, id: ids[0], body };
  }

  private async bodyOf({ request }: HttpExchange, kind: Kind, isOptional = false): Promise<CatalogueBody | undefined> {
    const text = await readText(request, MAX_BYTES);
    return isOptional && text.trim() === '' ?
      undefined :
      this.work.run(READ_CATALOGUE_BODY, { text, kind }, { size: text.length });
  }
}

function idIn(value: unknown, { url }: HttpExchange): number {
  const id = toKey(value);
  if (id === undefined) {
    throw typeof value === 'string' && /^\d+$/u.test(value) ?
      notFound(url) :
      new InvalidInput('Invalid body; id is a whole number');
  }
  return id;
}

function draftIn<T extends CatalogueEntryDraft | SystemDraft>(body: CatalogueBody | undefined): T {
  if (!body?.draft) {
    throw new InvalidInput(body?.fault ?? 'No request body was sent');
  }
  return body.draft as T;
}

function found<T>(item: T | undefined, url: string): T {
  if (item === undefined) {
    throw notFound(url);
  }
  return item;
}

function notFound(url: string): HttpProblem {
  return new HttpProblem(404, `There is nothing of this id at ${url}`);
}

function systemDocument({ id, identifier, name, class: sort, type, description, created }: System): object {
  return { id, identifier, name, class: sort, type, description, createdAt: new Date(created).toISOString() };
}

function entryDocument(entry: CatalogueEntry): object {
  const { id, identifier, system, systemName, systemIdentifier, name } = entry;
  const { operation, description, topic, schema, created } = entry;
  return {
    id,
    identifier,
    system_id: system,
    systemName,
    systemIdentifier,
    name,
    operation,
    description,
    topic,
    ...schema !== undefined && { schema: JSON.parse(schema) as unknown },
    createdAt: new Date(created).toISOString(),
  };
}
