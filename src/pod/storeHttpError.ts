import { HttpError, RepresentationMetadata } from '@solid/community-server';
import { DataFactory } from 'n3';
import { StorageFull } from '../store/StorageFull';
import { StoreUnavailable } from '../store/StoreUnavailable';

/** Property of an error's metadata that the configuration maps to the header `Retry-After`, in seconds. */
const RETRY_AFTER = DataFactory.namedNode('urn:solid-pod-events:http:retryAfter');

/**
 * An error of the event store as the server's own LDP answers it: 503 with `Retry-After`, or 507. Any other error is
 * returned as it is.
 */
export function asHttpError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) {
    return unavailable(`The event store cannot be used now; try again in ${error.retryAfter} seconds`, error.retryAfter, error);
  }
  if (error instanceof StorageFull) {
    return new HttpError(507, 'InsufficientStorageHttpError', 'The server has no room left to store this', { cause: error });
  }
  return error;
}

/** An error that the server's own LDP answers with 503 and `Retry-After`, in seconds. */
export function unavailable(message: string, retryAfter: number, cause?: unknown): HttpError {
  const metadata = new RepresentationMetadata({ [RETRY_AFTER.value]: String(retryAfter) });
  return new HttpError(503, 'ServiceUnavailableHttpError', message, { cause, metadata });
}

/**
 * A port of the event store whose methods reject with {@link asHttpError}, for the use below the server's own handlers.
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
