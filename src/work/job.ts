/** A job as it is sent to a worker thread. */
export interface Job {
  /** Sent back as a message when the job starts. */
  readonly id: number;
  /** The name of the task. */
  readonly task: string;
  readonly input: unknown;
  /** For the IRI of each JSON-LD context that may be named, the path of its file. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** The result of a job: a value, or the error in its input. */
export type JobResult = { readonly value: unknown } | { readonly message: string; readonly index?: number };
