/** A job in the form sent to a worker thread. */
export interface Job {
  /** Id that the worker thread sends back when the job starts. */
  readonly id: number;
  /** The name of the task. */
  readonly task: string;
  readonly input: unknown;
  /** Paths of the files with the available JSON-LD contexts, by context IRI. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** The result of a job: a value, or the error in its input. */
export type JobResult = { readonly value: unknown } | { readonly message: string; readonly index?: number };
