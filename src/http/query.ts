import type { IncomingMessage } from 'node:http';

/** The parameters in the query of a request. */
export function queryOf({ request }: { readonly request: Pick<IncomingMessage, 'url'> }): URLSearchParams {
  return new URLSearchParams(/\?(.*)$/su.exec(request.url!)?.[1] ?? '');
}
