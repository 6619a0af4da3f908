import type { Script as VmScript } from 'node:vm';
import { createContext, Script } from 'node:vm';
import type { AnySchema, ValidateFunction } from 'ajv';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020';
import { InvalidInput } from '../event/InvalidInput';

/** First violation of a schema by a body. */
export interface SchemaFault {
  /** JSON Pointer to the invalid part of the body; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** A supported draft of JSON Schema. */
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

/** Created on first use, because this takes longer than compiling a typical schema. */
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
  /** Compiled schemas by their text, least recently used first. */
  private readonly compiled = new Map<string, ValidateFunction>();

  /**
   * @param compileTime - Maximum time to compile a schema, in milliseconds. Default 200.
   * @param checkTime - Maximum time to check a body, in milliseconds. Default 50.
   * @param maxSchemas - Maximum number of cached compiled schemas. Default 200.
   */
  public constructor(compileTime = 200, checkTime = 50, maxSchemas = 200) {
    this.compileTime = compileTime;
    this.checkTime = checkTime;
    this.maxSchemas = maxSchemas;
  }

  /**
   * Checks that a schema is supported and valid.
   *
   * @param text - The schema, as JSON text: draft-07, or 2020-12 if its `$schema` names it.
   *
   * @throws {@link InvalidInput} with the reason if it is not.
   */
  public assertUsable(text: string): void {
    this.validatorOf(text);
  }

  /**
   * Returns the first violation of a schema by a body; `undefined` if the body is valid.
   *
   * @param text - The schema, as JSON text.
   * @param body - The parsed body.
   *
   * @throws {@link InvalidInput} if the check exceeds its time.
   */
  public faultOf(text: string, body: unknown): SchemaFault | undefined {
    const validate = this.validatorOf(text);
    const isValid = runWithin(this.checkTime, (): boolean => validate(body), 'To check the body by the schema of the event');
    const [ error ] = isValid ? [] : validate.errors ?? [];
    // Errors would otherwise stay in memory with the schema.
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
    'https://json-schema.org/draft/2020-12/schema, the supported drafts');
}

/** Maximum number of characters, and of slow Unicode classes, of all patterns of a schema. */
const MAX_PATTERN_CHARACTERS = 2_000;
const MAX_UNICODE_CLASSES = 20;

/**
 * Limits the patterns of a schema, because a time limit cannot interrupt their compilation.
 *
 * @throws {@link InvalidInput} if the patterns exceed a limit.
 */
function assertFewPatterns(schema: unknown): void {
  let characters = 0;
  let classes = 0;
  const pending = [ schema ];
  while (pending.length > 0) {
    for (const [ name, value ] of Object.entries(pending.pop() as object)) {
      const isObject = typeof value === 'object' && value !== null;
      if (isObject) {
        pending.push(value);
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

/** Converts an error of compilation, except a stack overflow, which {@link runWithin} converts. */
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

/** Maximum number of runs of a work item on a busy machine. */
const MAX_TRIES = 4;
/** Minimum share of the time limit that this process must have spent, for the limit to count as exceeded. */
const SHARE = 0.8;

/**
 * Runs work with a time limit, which also interrupts regular expressions.
 *
 * The limit is elapsed time. If this process spent less CPU time because the machine is busy, the work is repeated a
 * few times, so that simple work is not refused.
 *
 * @param milliseconds - The time limit.
 * @param work - A synchronous function that can be repeated.
 * @param label - Name of the work, for the message.
 *
 * @throws {@link InvalidInput} if the work exceeds the limit, or recurses too deeply.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/vm.html#scriptrunincontextcontextifiedobject-options
 */
function runWithin<T>(milliseconds: number, work: () => T, label: string): T {
  let spent = 0;
  for (let tries = 0; tries < MAX_TRIES && spent < milliseconds * SHARE; tries += 1) {
    const before = process.cpuUsage();
    const result = runOnce(milliseconds, work);
    if (result) {
      if ('error' in result) {
        throw isTooDeep(result.error) ? new InvalidInput(`${label} takes too many steps within each other`) : result.error;
      }
      return result.value;
    }
    const { user, system } = process.cpuUsage(before);
    spent += (user + system) / 1_000;
  }
  throw new InvalidInput(`${label} takes too long: more than ${milliseconds} ms. Make the schema, or the body, simpler`);
}

type TimedResult<T> = { readonly value: T } | { readonly error: unknown };

/** Result or error of some work; `undefined` if it exceeded its time. */
function runOnce<T>(milliseconds: number, work: () => T): TimedResult<T> | undefined {
  const { script, context } = runner();
  let result: TimedResult<T> | undefined;
  // An error thrown through the other context would have the error classes of that context.
  context.run = (): void => {
    try {
      result = { value: work() };
    } catch (error: unknown) {
      result = { error };
    }
  };
  try {
    script.runInContext(context, { timeout: milliseconds });
    return result;
  } catch (error: unknown) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw error;
    }
    return undefined;
  } finally {
    context.run = undefined;
  }
}

/** Whether an error is a stack overflow. */
function isTooDeep(error: unknown): boolean {
  return (error as Error).name === 'RangeError';
}

/** Returns a function that creates a value on its first call. */
function lazy<T>(create: () => T): () => T {
  let created: { readonly value: T } | undefined;
  return (): T => {
    created ??= { value: create() };
    return created.value;
  };
}
