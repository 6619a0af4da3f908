import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import { isMember } from './channel';
import type { RequestOptions } from './request';
import { request } from './request';

const CONTAINS = 'http://www.w3.org/ns/ldp#contains';

/**
 * Lists the member URLs of a container in the server's order. This server lists the copies in an inbox oldest first.
 *
 * The listing is parsed triple by triple, because an inbox may have very many members.
 *
 * @see https://www.w3.org/TR/ldp/#ldpc-container
 */
export async function listMembers(container: string, options: RequestOptions): Promise<string[]> {
  const response = await request(container, { headers: { accept: 'text/turtle' }, cache: 'no-store' }, options);
  const text = await response.text();
  const members: string[] = [];
  await new Promise<void>((resolve, reject): void => {
    new Parser({ baseIRI: container, format: 'text/turtle' }).parse(text, (error: Error | null, quad): void => {
      if (error) {
        reject(error);
      } else if (!(quad as Quad | undefined)) {
        resolve();
      } else if (quad.predicate.value === CONTAINS && isMember(quad.object.value, container)) {
        members.push(quad.object.value);
      }
    });
  });
  return members;
}
