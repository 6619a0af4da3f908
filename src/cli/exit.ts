import { RequestFailed } from '../client';

/** How the command ends, for scripts. */
export const EXIT = {
  ok: 0,
  /** The server refused, or it failed. */
  failed: 1,
  /** The command, its options or the configuration file are wrong. */
  usage: 2,
  /** Nobody is logged in, or the login failed. */
  login: 3,
  /** The server did not answer. */
  network: 4,
} as const;

/**
 * A failure with the code with which the process ends.
 */
export class CliError extends Error {
  public constructor(public readonly code: number, message: string) {
    super(message);
    this.name = 'CliError';
  }
}

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) {
    return error.code;
  }
  if (error instanceof RequestFailed) {
    return error.status === 401 ? EXIT.login : EXIT.failed;
  }
  if (isNetworkError(error)) {
    return EXIT.network;
  }
  // The client refuses arguments by TypeError before it sends anything.
  return (error as Error | undefined)?.name === 'TypeError' ? EXIT.usage : EXIT.failed;
}

/** What to print about whatever was thrown. */
export function messageOf(error: unknown): string {
  const { message = String(error), cause } = (error ?? {}) as Failure;
  return isNetworkError(error) ? `The server does not answer: ${cause?.message || cause?.code || message}` : message;
}

/** What errors of Node and of fetch have in them. */
interface Failure {
  readonly message?: string;
  readonly code?: string;
  readonly cause?: Failure | null;
}

// See https://nodejs.org/api/errors.html#common-system-errors
const CODES = /^(?:ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|E(?:HOST|NET)UNREACH|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*)$/u;

/** Whether there was no answer at all. */
export function isNetworkError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) {
    return false;
  }
  const { message, code, cause } = error as Failure;
  return CODES.test(String(code)) || message === 'fetch failed' || isNetworkError(cause);
}
