import type { Quad, Term } from '@rdfjs/types';
import { responseToResourceInfo } from '@inrupt/solid-client';
import { DataFactory, Parser, Store, Writer } from 'n3';
import type { RequestOptions } from './request';
import { request } from './request';

export const ACL = 'http://www.w3.org/ns/auth/acl#';
export const ACP = 'http://www.w3.org/ns/solid/acp#';
export const FOAF = 'http://xmlns.com/foaf/0.1/';
export const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';

/** A mode that a grant gives: publishing is appending, subscribing is reading. */
export type Mode = 'Append' | 'Read';
/** How far access reaches: to the resource itself, or to what is below it. */
export type Scope = 'self' | 'below';

/** Who has a mode by a document, and how far. */
export interface Entry {
  /** A WebID, `public`, `authenticated`, or the URL of a group. */
  readonly agent: string;
  readonly modes: ReadonlySet<string>;
  readonly scope: Scope;
}

/**
 * The access control of one resource, an ACL or an ACR, as triples that can be changed and saved.
 */
export class AccessDocument {
  /**
   * @param resource - The URL of what it controls.
   * @param url - Its own URL.
   * @param store - Its triples.
   * @param etag - Its version; absent if it does not exist, or the server gives none.
   * @param exists - Whether it exists.
   */
  public constructor(
    public readonly resource: string,
    public readonly url: string,
    public readonly store: Store,
    public readonly etag: string | undefined,
    public readonly exists: boolean,
  ) {}

  public get isContainer(): boolean {
    return this.resource.endsWith('/');
  }

  /** Whether it is of Access Control Policy; otherwise it is of Web Access Control. */
  public get isAcp(): boolean {
    return this.store.some(({ predicate, object }): boolean =>
      predicate.value.startsWith(ACP) || object.value.startsWith(ACP));
  }

  /** The scopes that a grant on the resource has to reach. */
  public get scopes(): readonly Scope[] {
    return this.isContainer ? [ 'self', 'below' ] : [ 'self' ];
  }

  public objects(subject: Term, predicate: string): Term[] {
    return this.store.getObjects(subject, DataFactory.namedNode(predicate), null);
  }

  public values(subject: Term, predicate: string): Set<string> {
    return new Set(this.objects(subject, predicate).map(({ value }): string => value));
  }

  public subjects(predicate: string, object: string): Term[] {
    return this.store.getSubjects(DataFactory.namedNode(predicate), DataFactory.namedNode(object), null);
  }

  public quads(subject: Term): Quad[] {
    return this.store.getQuads(subject, null, null, null);
  }

  public add(subject: Term, predicate: string, object: Term | string): void {
    this.store.addQuad(DataFactory.quad(
      subject as Quad['subject'],
      DataFactory.namedNode(predicate),
      (typeof object === 'string' ? DataFactory.namedNode(object) : object) as Quad['object'],
    ));
  }

  /** A name in the document that is not in use yet: `#publishers`, `#publishers-2` and so on. */
  public newName(base: string, parts: readonly string[] = [ '' ]): string {
    for (let count = 1; ; count += 1) {
      const name = `${this.url}#${base}${count === 1 ? '' : `-${count}`}`;
      if (parts.every((part): boolean => this.quads(DataFactory.namedNode(`${name}${part}`)).length === 0)) {
        return name;
      }
    }
  }
}

/**
 * Reads the access control of a resource; of one without its own, an empty document.
 *
 * @returns Nothing if there is no such resource.
 *
 * @see https://solidproject.org/TR/wac#acl-resource-discovery
 */
export async function loadAccess(resource: string, options: RequestOptions): Promise<AccessDocument | undefined> {
  const head = await request(resource, { method: 'HEAD', accepted: [ 404 ]}, options);
  if (head.status === 404) {
    return;
  }
  const url = responseToResourceInfo(head).internal_resourceInfo.aclUrl;
  if (url === undefined) {
    throw new Error(`${resource} has no link to its access control; ask for it as somebody who has acl:Control on it`);
  }
  const headers = { accept: 'text/turtle' };
  const response = await request(url, { headers, accepted: [ 404 ], cache: 'no-store' }, options);
  const exists = response.status !== 404;
  const text = await response.text();
  const quads = exists ? new Parser({ baseIRI: url, format: 'text/turtle' }).parse(text) : [];
  return new AccessDocument(resource, url, new Store(quads), response.headers.get('etag') ?? undefined, exists);
}

/**
 * Saves a document, if nobody has changed it since it was read; otherwise the server answers with 412.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
 */
export async function saveAccess({ url, store, etag, exists }: AccessDocument, options: RequestOptions): Promise<void> {
  const writer = new Writer({ prefixes: { acl: ACL, acp: ACP, foaf: FOAF }});
  writer.addQuads(store.getQuads(null, null, null, null));
  const body = await new Promise<string>((resolve, reject): void => {
    writer.end((error: Error | null, text: string): void => error ? reject(error) : resolve(text));
  });
  const condition: Record<string, string> = exists ? { ...etag && { 'if-match': etag }} : { 'if-none-match': '*' };
  await request(url, { method: 'PUT', headers: { 'content-type': 'text/turtle', ...condition }, body }, options);
}
