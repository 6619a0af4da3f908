import type { HttpResponse, RepresentationMetadata } from '@solid/community-server';
import { HttpError, MappedMetadataWriter } from '@solid/community-server';
import { asHttpError, withHttpErrors } from '../../../src/pod/storeHttpError';
import type { EventStore } from '../../contract/stores';
import { StorageFull } from '../../../src/store/StorageFull';
import { StoreUnavailable } from '../../../src/store/StoreUnavailable';

const RETRY_AFTER_MAP = { 'urn:solid-pod-events:http:retryAfter': 'Retry-After' };

describe('Errors of the store, in answers of LDP', (): void => {
  const headersOf = async(metadata: RepresentationMetadata): Promise<Record<string, unknown>> => {
    const headers: Record<string, unknown> = {};
    const response = {
      hasHeader: (): boolean => false, setHeader: (name: string, value: unknown): unknown => headers[name] = value,
    } as unknown as HttpResponse;
    await new MappedMetadataWriter(RETRY_AFTER_MAP).handle({ response, metadata });
    return headers;
  };

  it('are 503 with the time after which to try again, or 507.', async(): Promise<void> => {
    const busy = asHttpError(new StoreUnavailable('busy', 'locked')) as HttpError;
    expect(busy).toBeInstanceOf(HttpError);
    expect(busy.statusCode).toBe(503);
    expect(await headersOf(busy.metadata)).toEqual({ 'Retry-After': '5' });
    const full = asHttpError(new StorageFull('full')) as HttpError;
    expect(full.statusCode).toBe(507);
    expect(await headersOf(full.metadata)).toEqual({});
    const other = new Error('other');
    expect(asHttpError(other)).toBe(other);
  });

  it('come from every method of the store.', async(): Promise<void> => {
    const store = withHttpErrors({
      name: 'store',
      hasPod: async(pod: string): Promise<boolean> => pod === 'a',
      epochOf: async(): Promise<number> => { throw new StoreUnavailable('damaged', 'broken'); },
    } as unknown as EventStore);
    expect(await store.hasPod('a')).toBe(true);
    await expect(store.epochOf('a')).rejects.toMatchObject({ statusCode: 503 });
    expect((store as unknown as { name: string }).name).toBe('store');
  });
});
