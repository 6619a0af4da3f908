import { getLoggerFor } from '../../css';
import type { Catalogue } from '../../catalogue/Catalogue';
import type { NewEntry } from '../../catalogue/catalogueDraft';
import { CLASSES, toKey } from '../../catalogue/catalogueDraft';
import { InvalidInput } from '../../event/InvalidInput';
import { LIMITS } from '../../event/limits';
import type { Caller } from '../../identity/Caller';
import type {
  CatalogueEntry, CatalogueEntryChanges, EntryColumn, System, SystemChanges, SystemColumn, SystemDraft,
} from '../../catalogue/CatalogueStore';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../../http/Authenticator';
import { readText } from '../../http/body';
import { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint } from '../../http/Endpoint';
import { queryOf } from '../../http/query';
import { answerCaller } from './answerCaller';
import { readAnswer, writtenAnswer } from './eventhosAnswer';
import type { CatalogueBody, CatalogueDrafts } from './catalogueBody';
import { READ_CATALOGUE_BODY } from './catalogueBody';
import { eventhosError, EventhosProblem } from './eventhosProblem';
import { listParameters, pageDocument, parsePage } from './pages';
import { SuccessCodes } from './SuccessCodes';

const PATH = /^(event|system)(?:\/(\d+))?$/u;
const SYSTEM_EVENTS = /^system\/(\d+)\/events$/u;

/** The values of `activeSort` of systems. Systems and events are in the order of their creation by their ids. */
const SYSTEM_COLUMNS: Readonly<Record<string, SystemColumn>> = {
  id: 'id',
  identifier: 'identifier',
  name: 'name',
  class: 'class',
  systemClass: 'class',
  type: 'type',
  description: 'description',
  client_id: 'client',
  clientId: 'client',
  deleted: 'id',
  created_at: 'id',
  createdAt: 'id',
  updated_at: 'updated',
};
/** The values of `activeSort` of events. */
const EVENT_COLUMNS: Readonly<Record<string, EntryColumn>> = {
  id: 'id',
  identifier: 'identifier',
  system_id: 'system',
  systemName: 'systemName',
  systemIdentifier: 'systemIdentifier',
  name: 'name',
  operation: 'operation',
  description: 'description',
  topic: 'topic',
  deleted: 'id',
  created_at: 'id',
  createdAt: 'id',
  updated_at: 'updated',
};

/** Maximum size of a body: a schema of 64 KiB, with room for white space and other members. */
const MAX_BYTES = 4 * LIMITS.subscriptionBytes;

/** Maximum length of the parameter `eventName`, in characters. */
const MAX_NAME = 300;

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
  private readonly codes: SuccessCodes;

  /**
   * @param authenticator - Authenticates requests.
   * @param catalogue - The rules.
   * @param work - Reads large bodies.
   * @param codes - Codes of successful requests. Default: those of eventhos' documents.
   */
  public constructor(
    authenticator: Authenticator,
    catalogue: Catalogue,
    work: Work,
    codes: SuccessCodes = new SuccessCodes(),
  ) {
    super();
    this.authenticator = authenticator;
    this.catalogue = catalogue;
    this.work = work;
    this.codes = codes;
  }

  public ruleFor(path: string): PathRule | undefined {
    if (SYSTEM_EVENTS.test(path)) {
      return { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]};
    }
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
    const system = SYSTEM_EVENTS.exec(exchange.path)?.[1];
    if (system !== undefined) {
      return this.listOf(exchange, caller, idIn(system, exchange));
    }
    const [ , kind, inPath ] = PATH.exec(exchange.path) as unknown as [ string, Kind, string | undefined ];
    const id = inPath === undefined ? undefined : idIn(inPath, exchange);
    if (!READS.has(exchange.method)) {
      await this.catalogue.assertMayChange(exchange.pod, caller, kind);
    }
    switch (exchange.method) {
      case 'POST':
        return kind === 'event' ? this.addEvent(exchange, caller) : this.addSystem(exchange, caller);
      case 'PUT':
        return this.change(exchange, caller, await this.subjectOf(exchange, kind, id));
      case 'DELETE':
        return this.remove(exchange, caller, await this.subjectOf(exchange, kind, id));
      default:
        return id === undefined ? this.list(exchange, caller, kind) : this.show(exchange, caller, { kind, id });
    }
  }

  private async list(exchange: HttpExchange, caller: Caller, kind: Kind): Promise<EndpointResponse> {
    return kind === 'event' ? this.listEvents(exchange, caller) : this.listSystems(exchange, caller);
  }

  private async listEvents(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const parameters = listParameters(exchange, [ 'systemId', 'eventName' ]);
    const page = parsePage(parameters, EVENT_COLUMNS);
    const filter = { system: parseSystem(parameters), name: parseName(parameters) };
    const found = await this.catalogue.listEntries(exchange.pod, caller, page, filter);
    return readAnswer(pageDocument(page, found, entryDocument));
  }

  private async listSystems(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const parameters = listParameters(exchange, [ 'systemClass' ]);
    const page = parsePage(parameters, SYSTEM_COLUMNS);
    const found = await this.catalogue.listSystems(exchange.pod, caller, page, { class: parseClass(parameters) });
    return readAnswer(pageDocument(page, found, systemDocument));
  }

  /** The events of a system, without their schemas, because the list has no pages. */
  private async listOf(exchange: HttpExchange, caller: Caller, system: number): Promise<EndpointResponse> {
    const entries = found(await this.catalogue.entriesOf(exchange.pod, caller, system), exchange.url);
    return readAnswer(entries.map((entry): object => entryDocument({ ...entry, schema: undefined })));
  }

  private async show({ pod, url }: HttpExchange, caller: Caller, { kind, id }: Subject): Promise<EndpointResponse> {
    if (kind === 'event') {
      return readAnswer(entryDocument(found(await this.catalogue.getEntry(pod, caller, id!), url)));
    }
    return readAnswer(systemDocument(found(await this.catalogue.getSystem(pod, caller, id!), url)));
  }

  private async addEvent(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const { pod, url } = exchange;
    const draft = draftIn<NewEntry>(await this.bodyOf(exchange, 'newEvent'));
    const entry = await this.catalogue.addEntry(pod, caller, draft);
    return writtenAnswer({ eventId: entry.id, ...entryDocument(entry) }, { Location: `${url}/${entry.id}` });
  }

  private async addSystem(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const { pod, url } = exchange;
    const draft = draftIn<SystemDraft>(await this.bodyOf(exchange, 'newSystem'));
    const system = await this.catalogue.addSystem(pod, caller, draft);
    const headers = { Location: `${url}/${system.id}` };
    return writtenAnswer({ systemId: system.id, ...systemDocument(system) }, headers, this.codes.created);
  }

  private async change(
    { pod, url }: HttpExchange,
    caller: Caller,
    { kind, id, body }: Subject,
  ): Promise<EndpointResponse> {
    if (kind === 'event') {
      const changes = draftIn<CatalogueEntryChanges>(body);
      const entry = found(await this.catalogue.changeEntry(pod, caller, id!, changes), url);
      return writtenAnswer({ eventId: entry.id, ...entryDocument(entry) });
    }
    const system = found(await this.catalogue.changeSystem(pod, caller, id!, draftIn<SystemChanges>(body)), url);
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
    const body = await this.bodyOf(exchange, kind === 'event' ? 'changedEvent' : 'changedSystem');
    const inQuery = queryOf(exchange).get('id') ?? undefined;
    const ids = [ inPath, inQuery, body.id ].flatMap((id): number[] => id === undefined ? [] : [ idIn(id, exchange) ]);
    if (new Set(ids).size > 1) {
      throw new InvalidInput('Invalid body; the path, the query and the body name different ids');
    }
    if (ids.length === 0) {
      throw new InvalidInput('Invalid body; id is required, in the path, the query or the body');
    }
    return { kind, id: ids[0], body };
  }

  private async bodyOf({ request }: HttpExchange, kind: keyof CatalogueDrafts): Promise<CatalogueBody> {
    const text = await readText(request, MAX_BYTES);
    return this.work.run(READ_CATALOGUE_BODY, { text, kind }, { size: text.length });
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

function draftIn<T extends CatalogueDrafts[keyof CatalogueDrafts]>(body: CatalogueBody | undefined): T {
  if (!body?.draft) {
    throw new InvalidInput(body?.fault ?? 'Invalid body; it is not a JSON object');
  }
  return body.draft as T;
}

function parseSystem(parameters: ReadonlyMap<string, string>): number | undefined {
  const text = parameters.get('systemId');
  const key = toKey(text);
  if (text !== undefined && key === undefined) {
    throw new InvalidInput('Invalid systemId: it is the id of a system, a whole number');
  }
  return key;
}

function parseName(parameters: ReadonlyMap<string, string>): string | undefined {
  const name = parameters.get('eventName');
  if (name !== undefined && name.length > MAX_NAME) {
    throw new InvalidInput(`Invalid eventName: it has more than ${MAX_NAME} characters`);
  }
  return name;
}

function parseClass(parameters: ReadonlyMap<string, string>): string | undefined {
  const name = parameters.get('systemClass');
  if (name !== undefined && !(CLASSES as readonly string[]).includes(name)) {
    throw new InvalidInput(`Invalid systemClass: it is one of ${CLASSES.join(', ')}`);
  }
  return name;
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

function systemDocument({ id, identifier, name, class: sort, type, description, client, ...times }: System): object {
  return { id, identifier, name, class: sort, type, description, client_id: client, ...timeMembers(times) };
}

function entryDocument(entry: CatalogueEntry): object {
  const { id, identifier, system, systemName, systemIdentifier, name } = entry;
  const { operation, description, topic, schema } = entry;
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
    ...timeMembers(entry),
  };
}

/** Members of the tables of eventhos. Removed items are not shown, so that `deleted` is always 0. */
function timeMembers({ created, updated }: Pick<System, 'created' | 'updated'>): object {
  const [ createdAt, updatedAt ] = [ created, updated ].map((time): string => new Date(time).toISOString());
  return { deleted: 0, created_at: createdAt, updated_at: updatedAt, createdAt };
}
