import type { Task, Work } from '../work/Work';
import { InvalidInput } from '../event/InvalidInput';
import type { SchemaFault } from './BodySchemas';
import { BodySchemas } from './BodySchemas';

/** Limits on schemas, see {@link BodySchemas}. */
export interface SchemaLimits {
  /** Maximum time to compile a schema, in milliseconds. */
  readonly compileTime: number;
  /** Maximum time to check a body, in milliseconds. */
  readonly checkTime: number;
  /** Maximum number of compiled schemas that a thread keeps. */
  readonly maxSchemas: number;
}

interface SchemaJob {
  readonly limits: SchemaLimits;
  /** The schema, as JSON text. */
  readonly schema: string;
  /** The body, as JSON text; if absent, only the schema itself is checked. */
  readonly body?: string;
}

/** The result of a check. */
export interface SchemaCheck {
  /** First violation of the schema by the body. */
  readonly fault?: SchemaFault;
  /** Reason for the absence of a result: an unsupported schema, or an exceeded time limit. */
  readonly invalid?: string;
  /** Time that the check took, in milliseconds. */
  readonly spent: number;
}

/** Checks bodies by schemas. */
export interface Schemas {
  /**
   * Checks a schema, and a body by it.
   *
   * @param schema - The schema, as JSON text.
   * @param body - The body, as JSON text; if absent, only the schema itself is checked.
   */
  check: (schema: string, body?: string) => Promise<SchemaCheck>;
}

/** The compiled schemas of this thread, by their limits. */
const ready = new Map<string, BodySchemas>();

/** Checks a schema, and a body by it. */
export const CHECK_SCHEMA: Task<SchemaJob, SchemaCheck> = {
  name: 'checkSchema',
  run: ({ limits, schema, body }): SchemaCheck => {
    const { compileTime, checkTime, maxSchemas } = limits;
    const key = JSON.stringify(limits);
    const schemas = ready.get(key) ?? new BodySchemas(compileTime, checkTime, maxSchemas);
    ready.set(key, schemas);
    const begun = performance.now();
    const spent = (): number => performance.now() - begun;
    try {
      if (body === undefined) {
        schemas.assertUsable(schema);
        return { spent: spent() };
      }
      const fault = schemas.faultOf(schema, JSON.parse(body));
      return { ...fault && { fault }, spent: spent() };
    } catch (error: unknown) {
      if (error instanceof InvalidInput) {
        return { invalid: error.message, spent: spent() };
      }
      throw error;
    }
  },
};

/** Checks bodies by schemas in worker threads, because the cost of a schema does not follow from its length. */
export class PooledSchemas implements Schemas {
  private readonly work: Work;
  private readonly limits: SchemaLimits;

  /**
   * @param work - Runs checks.
   * @param compileTime - Maximum time to compile a schema, in milliseconds. Default 200.
   * @param checkTime - Maximum time to check a body, in milliseconds. Default 50.
   * @param maxSchemas - Maximum number of compiled schemas that each thread keeps. Default 200.
   */
  public constructor(work: Work, compileTime = 200, checkTime = 50, maxSchemas = 200) {
    this.work = work;
    this.limits = { compileTime, checkTime, maxSchemas };
  }

  public async check(schema: string, body?: string): Promise<SchemaCheck> {
    const size = schema.length + (body?.length ?? 0);
    const job = { limits: this.limits, schema, ...body !== undefined && { body }};
    return this.work.run(CHECK_SCHEMA, job, { size, isCostly: true });
  }
}
