import type { Quad, Term } from '@rdfjs/types';
import { responseToResourceInfo } from '@inrupt/solid-client';
import { DataFactory, Parser, Store, Writer } from 'n3';
import type { RequestOptions } from './request';
import { request } from './request';

export const ACL = 'http://www.w3.org/ns/auth/acl#';
export const ACP = 'http://www.w3.org/ns/solid/acp#';
export const FOAF = 'http://xmlns.com/foaf/0.1/';
export const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';

/** An access mode that a grant gives: `Append` to publish, `Read` to subscribe. */
export type Mode = 'Append' | 'Read';
/** Reach of an access rule: the resource itself, or the resources below it. */
export type Scope = 'self' | 'below';

/** The modes that a document gives to one agent in one scope. */
export interface AccessEntry {
  /** WebID, `public`, `authenticated`, or the URL of a group. */
  readonly agent: string;
  readonly modes: ReadonlySet<string>;
  readonly scope: Scope;
}

/**
 * Access control document (ACL or ACR) of one resource, as mutable triples. {@link saveAccess} stores them.
 */
export class AccessDocument {
  /**
   * @param resource - URL of the controlled resource.
   * @param url - URL of the document.
   * @param store - Triples of the document.
   * @param etag - ETag of the stored document. Absent if it does not exist or the server sends none.
   * @param exists - Whether the document exists on the server.
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

  /** Whether the document is an ACR (Access Control Policy) instead of an ACL (Web Access Control). */
  public get isAcp(): boolean {
    return this.store.some(({ predicate, object }): boolean =>
      predicate.value.startsWith(ACP) || object.value.startsWith(ACP));
  }

  /** Scopes that a grant on the resource must cover. */
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

  /** Returns an unused fragment name: `#publishers`, then `#publishers-2` and so on. */
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
 * Reads the access control document of a resource. Returns an empty document if the resource has none of its own.
 *
 * @returns `undefined` if the resource does not exist.
 *
 * @throws Error if the response has no link to the document.
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
    throw new Error(`${resource} does not link to its access control document: request it as an agent with acl:Control on it`);
  }
  const headers = { accept: 'text/turtle' };
  const response = await request(url, { headers, accepted: [ 404 ], cache: 'no-store' }, options);
  const exists = response.status !== 404;
  const text = await response.text();
  const quads = exists ? new Parser({ baseIRI: url, format: 'text/turtle' }).parse(text) : [];
  return new AccessDocument(resource, url, new Store(quads), response.headers.get('etag') ?? undefined, exists);
}

/**
 * Saves a document under the condition that its ETag is unchanged.
 *
 * @throws {@link RequestFailed} with status 412 if another client has changed the document since it was read.
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
