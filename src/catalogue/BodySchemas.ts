import type { Script as VmScript } from 'node:vm';
import { createContext, Script } from 'node:vm';
import type { AnySchema, ValidateFunction } from 'ajv';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import { InvalidInput } from '../event/InvalidInput';

/** Where a body breaks a schema, and how. */
export interface SchemaFault {
  /** A JSON Pointer to the part of the body that breaks it; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** A draft of JSON Schema that is read. */
interface Draft {
  readonly compile: (schema: AnySchema) => ValidateFunction;
  /** Checks a schema itself. */
  readonly metaSchema: ValidateFunction;
}

/**
 * References are not inlined, because a schema with many references to itself would grow without bound. Only own
 * properties of a body count, so that the inherited `constructor` is an ordinary name.
 *
 * @see https://ajv.js.org/security.html
 */
const OPTIONS = {
  strict: false, validateFormats: false, validateSchema: false, inlineRefs: false, ownProperties: true, logger: false,
} as const;

const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/u;
const DRAFT_2020 = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/u;

/** Makes them once, and only where somebody uses schemas: that takes longer than to compile most schemas. */
const draftOf: Record<'draft07' | 'draft2020', () => Draft> = {
  draft07: lazy((): Draft => ({
    compile: (schema): ValidateFunction => new Ajv(OPTIONS).compile(schema),
    metaSchema: new Ajv(OPTIONS).getSchema('http://json-schema.org/draft-07/schema')!,
  })),
  draft2020: lazy((): Draft => ({
    compile: (schema): ValidateFunction => new Ajv2020(OPTIONS).compile(schema),
    metaSchema: new Ajv2020(OPTIONS).getSchema('https://json-schema.org/draft/2020-12/schema')!,
  })),
};

/**
 * Checks bodies by JSON Schemas of untrusted authors.
 *
 * Nothing is fetched. All work for a schema, including the matching of patterns, ends at a time limit. Reading a
 * pattern cannot be interrupted, so the number of patterns is limited.
 *
 * @see https://json-schema.org/draft-07/json-schema-validation
 * @see https://json-schema.org/draft/2020-12/json-schema-core
 */
export class BodySchemas {
  private readonly compileTime: number;
  private readonly checkTime: number;
  private readonly maxSchemas: number;
  /** By the text of the schema, the one that was used last at the end. */
  private readonly compiled = new Map<string, ValidateFunction>();

  /**
   * @param compileTime - How long it may take to read a schema, in milliseconds. Default 200.
   * @param checkTime - How long it may take to check a body, in milliseconds. Default 50.
   * @param maxSchemas - How many schemas are kept ready. Default 200.
   */
  public constructor(compileTime = 200, checkTime = 50, maxSchemas = 200) {
    this.compileTime = compileTime;
    this.checkTime = checkTime;
    this.maxSchemas = maxSchemas;
  }

  /**
   * Checks that a schema can be used.
   *
   * @param text - The schema, as JSON text: draft-07, or 2020-12 if its `$schema` says so.
   *
   * @throws {@link InvalidInput} that says why it cannot.
   */
  public assertUsable(text: string): void {
    this.validatorOf(text);
  }

  /**
   * Where a body breaks a schema first; `undefined` if it does not.
   *
   * @param text - The schema, as JSON text.
   * @param body - The parsed body.
   *
   * @throws {@link InvalidInput} if that takes too long to find out.
   */
  public faultOf(text: string, body: unknown): SchemaFault | undefined {
    const validate = this.validatorOf(text);
    const isValid = runWithin(this.checkTime, (): boolean => validate(body), 'To check the body by the schema of the event');
    const [ error ] = isValid ? [] : validate.errors ?? [];
    // Else it would be kept for as long as the schema is.
    validate.errors = null;
    return isValid ? undefined : { path: error.instancePath, message: error.message ?? 'must match the schema' };
  }

  private validatorOf(text: string): ValidateFunction {
    const validator = this.compiled.get(text) ?? this.compile(text);
    this.compiled.delete(text);
    this.compiled.set(text, validator);
    if (this.compiled.size > this.maxSchemas) {
      this.compiled.delete(this.compiled.keys().next().value!);
    }
    return validator;
  }

  private compile(text: string): ValidateFunction {
    const schema = JSON.parse(text) as AnySchema;
    const { compile, metaSchema } = draftFor(schema);
    assertFewPatterns(schema);
    return runWithin(this.compileTime, (): ValidateFunction => {
      if (!metaSchema(schema)) {
        const { instancePath, message } = metaSchema.errors![0];
        throw new InvalidInput(`Invalid schema: ${instancePath || 'it'} ${message}`);
      }
      try {
        return compile(schema);
      } catch (error: unknown) {
        throw toInvalidInput(error);
      }
    }, 'To read the schema');
  }
}

function draftFor(schema: AnySchema | null): Draft {
  if (typeof schema === 'boolean') {
    return draftOf.draft07();
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new InvalidInput('Invalid schema: a JSON Schema is an object, or true or false');
  }
  if ('$async' in schema) {
    throw new InvalidInput('Invalid schema: $async is not supported');
  }
  const named = schema.$schema as unknown;
  if (typeof named === 'string' && DRAFT_2020.test(named)) {
    return draftOf.draft2020();
  }
  if (named === undefined || (typeof named === 'string' && DRAFT_07.test(named))) {
    return draftOf.draft07();
  }
  throw new InvalidInput('Invalid schema: its $schema is neither http://json-schema.org/draft-07/schema# nor ' +
    'https://json-schema.org/draft/2020-12/schema, the drafts that are read');
}

/** The most characters of all patterns of a schema, and the most classes of Unicode, which take long to read. */
const MAX_PATTERN_CHARACTERS = 2_000;
const MAX_UNICODE_CLASSES = 20;

/**
 * Refuses patterns that would take long to read, which no limit on time can end.
 *
 * @throws {@link InvalidInput} if there are too many.
 */
function assertFewPatterns(schema: unknown): void {
  let characters = 0;
  let classes = 0;
  const rest = [ schema ];
  while (rest.length > 0) {
    for (const [ name, value ] of Object.entries(rest.pop() as object)) {
      const isObject = typeof value === 'object' && value !== null;
      if (isObject) {
        rest.push(value);
      }
      const patterns = name === 'pattern' && typeof value === 'string' ? [ value ] : [];
      for (const pattern of name === 'patternProperties' && isObject ? Object.keys(value as object) : patterns) {
        characters += pattern.length;
        classes += pattern.match(/\\p/giu)?.length ?? 0;
      }
    }
  }
  if (characters > MAX_PATTERN_CHARACTERS) {
    throw new InvalidInput(`Invalid schema: its patterns have ${characters} characters together, ` +
      `and at most ${MAX_PATTERN_CHARACTERS} are accepted`);
  }
  if (classes > MAX_UNICODE_CLASSES) {
    throw new InvalidInput(`Invalid schema: its patterns have ${classes} classes such as \\p{L} together, ` +
      `and at most ${MAX_UNICODE_CLASSES} are accepted`);
  }
}

/** Says why a schema could not be compiled; that it takes too long is said by {@link runWithin}. */
function toInvalidInput(error: unknown): unknown {
  const { message, missingRef } = error as Error & { missingRef?: string };
  return isTooDeep(error) ?
    error :
    new InvalidInput(`Invalid schema: ${message}${missingRef === undefined ?
      '' :
      '; it can refer only to what it contains, and nothing is fetched'}`);
}

const runner = lazy((): { readonly script: VmScript; readonly context: { run?: () => void } } =>
  ({ script: new Script('run()'), context: createContext({}) }));

/** How often work is begun anew where the machine was busy with something else. */
const MAX_TRIES = 4;
/** Which part of the time is to have been spent on this process, for the work to have had it. */
const SHARE = 0.8;

/**
 * Does some work that is ended, even within a regular expression, when its time is up.
 *
 * The time is that of the clock. Where the machine was so busy that this process has spent less, the work is begun anew
 * a few times, so that nobody is told that something simple takes too long.
 *
 * @param milliseconds - The time.
 * @param work - A synchronous function that can be repeated.
 * @param what - Name of the work, for the message.
 *
 * @throws {@link InvalidInput} if it takes longer, or recurses too deep.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/vm.html#scriptrunincontextcontextifiedobject-options
 */
function runWithin<T>(milliseconds: number, work: () => T, what: string): T {
  let spent = 0;
  for (let tries = 0; tries < MAX_TRIES && spent < milliseconds * SHARE; tries += 1) {
    const before = process.cpuUsage();
    const done = runOnce(milliseconds, work);
    if (done) {
      if ('error' in done) {
        throw isTooDeep(done.error) ? new InvalidInput(`${what} takes too many steps within each other`) : done.error;
      }
      return done.value;
    }
    const { user, system } = process.cpuUsage(before);
    spent += (user + system) / 1_000;
  }
  throw new InvalidInput(`${what} takes too long: more than ${milliseconds} ms. Make the schema, or the body, simpler`);
}

type TimedResult<T> = { readonly value: T } | { readonly error: unknown };

/** Result or error of some work; `undefined` if it exceeded its time. */
function runOnce<T>(milliseconds: number, work: () => T): TimedResult<T> | undefined {
  const { script, context } = runner();
  let done: TimedResult<T> | undefined;
  // Nothing is thrown through the other context, which would make it an error of that one's classes.
  context.run = (): void => {
    try {
      done = { value: work() };
    } catch (error: unknown) {
      done = { error };
    }
  };
  try {
    script.runInContext(context, { timeout: milliseconds });
    return done;
  } catch (error: unknown) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw error;
    }
    return undefined;
  } finally {
    context.run = undefined;
  }
}

/** Whether there was no room for more calls within each other. */
function isTooDeep(error: unknown): boolean {
  return (error as Error).name === 'RangeError';
}

/** Makes something when it is first asked for. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return (): T => {
    made ??= { value: make() };
    return made.value;
  };
}
