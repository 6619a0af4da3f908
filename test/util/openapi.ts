import { join } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import Ajv from 'ajv/dist/2020';
import { joinParts } from '../../src/http/openapi/joinParts';

interface Media { readonly schema?: object | boolean }
interface Header { readonly required?: boolean; readonly schema?: object; readonly $ref?: string }
interface Response { readonly headers?: Record<string, Header>; readonly content?: Readonly<Record<string, Media | undefined>>; readonly $ref?: string }
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, Response | undefined>>;
}

/** The description of all APIs, joined from the parts beside their code. */
export const OPENAPI = joinParts(join(__dirname, '../../src')) as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly tags: readonly { readonly name: string }[];
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
};

export const METHODS = [ 'get', 'post', 'put', 'patch', 'delete' ];
const ROOT = 'http://localhost/openapi.json';
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: ROOT, components: OPENAPI.components });

const TEMPLATES = Object.keys(OPENAPI.paths)
  .map((path): { path: string; pattern: RegExp; parameters: number } => ({
    path,
    pattern: new RegExp(`^${path.replace(/[.$]/gu, '\\$&').replaceAll(/\{[^}]*\}/gu, '[^/]+')}$`, 'u'),
    parameters: path.split('{').length,
  }))
  // See https://spec.openapis.org/oas/v3.1.1#path-templating-matching: concrete ones go before templated ones.
  .sort((left, right): number => left.parameters - right.parameters);

/**
 * Finds the operation of a request.
 *
 * @param method - The HTTP method; HEAD is described by GET.
 * @param path - The path behind the base URL, with a slash in front and without a query.
 */
export function findOperation(method: string, path: string): Operation | undefined {
  const name = method === 'HEAD' ? 'get' : method.toLowerCase();
  const template = TEMPLATES.find(({ pattern }): boolean => pattern.test(path));
  return template && OPENAPI.paths[template.path][name] as Operation | undefined;
}

/** The spellings of a path that the description can have. */
function spellingsOf(path: string): string[] {
  const plain = path.replaceAll(/\/{2,}/gu, '/').replace(/\/$/u, '');
  return [ plain, `${plain}/` ];
}

/**
 * Compares an answer with the description of the HTTP APIs.
 *
 * A method that is not described is to be answered by 405, in the way that another one of its path is.
 *
 * @param method - The HTTP method.
 * @param path - The path behind the base URL, with a slash in front and without a query.
 * @param status - The status of the answer.
 * @param headers - Its headers.
 * @param body - Its body as text.
 *
 * @returns What is wrong; nothing, if the answer is as described.
 */
export function validateAnswer(
  method: string,
  path: string,
  status: number,
  headers: Headers | Readonly<Record<string, string>>,
  body: string,
): string[] {
  // Other slashes are the same path.
  const template = TEMPLATES.find(({ pattern }): boolean => spellingsOf(path).some((one): boolean => pattern.test(one)));
  if (!template) {
    return [ `${path} is not described` ];
  }
  const described = findOperation(method, template.path) ?? (status === 405 ? refusingOperation(OPENAPI.paths[template.path]) : undefined);
  const response = resolve(described?.responses[status]);
  if (!response) {
    return [ `${method} ${template.path} is not described to answer ${status}` ];
  }
  const given = new Headers(headers);
  return [ ...validateHeaders(response, given), ...method === 'HEAD' ? [] : validateBody(response, given, body) ];
}

/** An operation of a path that tells how a method is refused which the path does not take. */
function refusingOperation(item: Readonly<Record<string, unknown>>): Operation | undefined {
  return METHODS.map((name): Operation | undefined => item[name] as Operation | undefined)
    .find((operation): boolean => operation?.responses[405] !== undefined);
}

function validateHeaders({ headers = {}}: Response, given: Headers): string[] {
  return Object.entries(headers).flatMap(([ name, reference ]): string[] => {
    const { required, schema } = resolve(reference)!;
    const value = given.get(name);
    if (value === null) {
      return required ? [ `The header ${name} is missing` ] : [];
    }
    return validate(schema, value, `header ${name}`);
  });
}

function validateBody({ content }: Response, headers: Headers, body: string): string[] {
  if (!content) {
    return body === '' ? [] : [ 'There is a body, and none is described' ];
  }
  const type = (headers.get('content-type') ?? '').split(';')[0];
  const media = content[type];
  if (!media) {
    return [ `The content type ${JSON.stringify(type)} is not described: ${Object.keys(content).join(', ')}` ];
  }
  if (!/[/+]json$/u.test(type)) {
    return [];
  }
  try {
    return validate(media.schema, JSON.parse(body), 'body');
  } catch (error: unknown) {
    if (error instanceof SyntaxError) {
      return [ `The body is no JSON: ${error.message}` ];
    }
    throw error;
  }
}

const compiled = new Map<object, ValidateFunction>();

function validate(schema: object | boolean | undefined, value: unknown, where: string): string[] {
  if (typeof schema !== 'object') {
    return [];
  }
  let check = compiled.get(schema);
  if (!check) {
    check = ajv.compile(rooted(schema) as object);
    compiled.set(schema, check);
  }
  return check(value) ?
      [] :
      check.errors!.map(({ instancePath, message, params }: ErrorObject): string =>
        `${where}${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** A schema whose references work wherever it is. */
function rooted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"$ref":"#/', `"$ref":"${ROOT}#/`));
}

function resolve<T extends { readonly $ref?: string }>(value: T | undefined): T | undefined {
  const match = /^#\/components\/([^/]+)\/([^/]+)$/u.exec(value?.$ref ?? '');
  return match ? OPENAPI.components[match[1]][match[2]] as T : value;
}
