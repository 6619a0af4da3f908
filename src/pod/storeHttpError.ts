import { HttpError, RepresentationMetadata } from '../css';
import { DataFactory } from 'n3';
import { StorageFull } from '../store/StorageFull';
import { StoreUnavailable } from '../store/StoreUnavailable';

/** Property of an error's metadata that the configuration maps to the `Retry-After` header, in seconds. */
const RETRY_AFTER = DataFactory.namedNode('urn:solid-pod-events:http:retryAfter');

/**
 * Converts an error of the event store to the server's own error: 503 with `Retry-After`, or 507.
 *
 * Any other error is returned unchanged.
 */
export function asHttpError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) {
    return unavailable(`The event store is unavailable; retry in ${error.retryAfter} seconds`, error.retryAfter, error);
  }
  if (error instanceof StorageFull) {
    return new HttpError(507, 'InsufficientStorageHttpError', 'Insufficient storage on the server: the resource was not stored', { cause: error });
  }
  return error;
}

/**
 * Creates a 503 error with `Retry-After` for the server's own LDP handlers.
 *
 * @param message - Message of the error.
 * @param retryAfter - Value of the header, in seconds.
 * @param cause - Cause of the error.
 */
export function unavailable(message: string, retryAfter: number, cause?: unknown): HttpError {
  const metadata = new RepresentationMetadata({ [RETRY_AFTER.value]: String(retryAfter) });
  return new HttpError(503, 'ServiceUnavailableHttpError', message, { cause, metadata });
}

/**
 * Wraps a port of the event store so that its methods reject with the errors of {@link asHttpError}.
 *
 * The server's own handlers above the port then return the right status.
 */
export function withHttpErrors<T extends object>(store: T): T {
  return new Proxy(store, {
    get: (target, name): unknown => {
      const member = target[name as keyof T] as unknown;
      return typeof member !== 'function' ? member : async(...parameters: unknown[]): Promise<unknown> => {
        try {
          return await (member as (...all: unknown[]) => Promise<unknown>).apply(target, parameters);
        } catch (error: unknown) {
          throw asHttpError(error);
        }
      };
    },
  });
}
