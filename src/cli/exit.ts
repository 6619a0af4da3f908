import { RequestFailed } from '../client';

/** Exit codes of the command. */
export const EXIT = {
  ok: 0,
  /** The server refused the request, or the request failed. */
  failed: 1,
  /** Invalid command, options or configuration file. */
  usage: 2,
  /** Missing credentials, or failed login. */
  login: 3,
  /** No response from the server. */
  network: 4,
} as const;

/**
 * Error with an exit code.
 */
export class CliError extends Error {
  public constructor(public readonly code: number, message: string) {
    super(message);
    this.name = 'CliError';
  }
}

/** Returns the exit code of an error. */
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
  // The client throws a TypeError for invalid arguments, before any request.
  return (error as Error | undefined)?.name === 'TypeError' ? EXIT.usage : EXIT.failed;
}

/** Returns the message to print for an error. */
export function messageOf(error: unknown): string {
  const { message = String(error), cause } = (error ?? {}) as Failure;
  return isNetworkError(error) ? `No response from the server: ${cause?.message || cause?.code || message}` : message;
}

/** Common members of the errors of Node and fetch. */
interface Failure {
  readonly message?: string;
  readonly code?: string;
  readonly cause?: Failure | null;
}

// See https://nodejs.org/api/errors.html#common-system-errors
const CODES = /^(?:ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|E(?:HOST|NET)UNREACH|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*)$/u;

/** Checks that an error means that no response was received. */
export function isNetworkError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) {
    return false;
  }
  const { message, code, cause } = error as Failure;
  return CODES.test(String(code)) || message === 'fetch failed' || isNetworkError(cause);
}
