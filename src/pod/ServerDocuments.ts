import type { Readable } from 'node:stream';
import type { Representation, ResourceStore } from '../css';
import { NotFoundHttpError, NotImplementedHttpError } from '../css';
import { JSON_LD, TURTLE } from '../event/mediaTypes';
import type { LocalDocument, LocalDocuments } from '../identity/profiles/LocalDocuments';
import type { Access } from '../access/ports';
import type { ServerUrls } from '../url/ServerUrls';

/**
 * Reads publicly readable documents of this server.
 */
export class ServerDocuments implements LocalDocuments {
  private readonly urls: ServerUrls;
  private readonly store: ResourceStore;
  private readonly access: Access;

  /**
   * @param urls - Canonical form of URLs of this server.
   * @param store - Resources of the server.
   * @param access - Decides public access.
   */
  public constructor(urls: ServerUrls, store: ResourceStore, access: Access) {
    this.urls = urls;
    this.store = store;
    this.access = access;
  }

  public isLocal(url: string): boolean {
    return this.urls.isLocal(url);
  }

  public canonical(url: string): string | undefined {
    return this.urls.tryCanonical(url);
  }

  public async read(text: string, maxBytes: number): Promise<LocalDocument | undefined> {
    const url = this.urls.targetOf(text);
    if (url === undefined || !(await this.access.allowed({}, [ url ], 'read')).has(url)) {
      return undefined;
    }
    const representation = await this.find(url);
    if (!representation) {
      return undefined;
    }
    const bytes = await readUpTo(representation.data, maxBytes + 1);
    return {
      type: (representation.metadata.contentType ?? '').split(';')[0].trim().toLowerCase(),
      body: bytes.subarray(0, maxBytes).toString(),
      isCut: bytes.length > maxBytes,
    };
  }

  /** Returns a document as Turtle or JSON-LD, with equal preference, so that neither is converted to the other. */
  private async find(path: string): Promise<Representation | undefined> {
    try {
      return await this.store.getRepresentation({ path }, { type: { [TURTLE]: 1, [JSON_LD]: 1 }});
    } catch (error: unknown) {
      if (NotFoundHttpError.isInstance(error)) {
        return undefined;
      }
      if (NotImplementedHttpError.isInstance(error)) {
        return this.store.getRepresentation({ path }, {});
      }
      throw error;
    }
  }
}

/** Reads at least `enough` bytes of a stream, or all. Destroys a longer stream, which releases the document's lock. */
async function readUpTo(data: Readable, enough: number): Promise<Buffer> {
  return new Promise((resolve, reject): void => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (): void => resolve(Buffer.concat(chunks));
    data.on('data', (chunk: Buffer | string): void => {
      const bytes = Buffer.from(chunk as string);
      chunks.push(bytes);
      length += bytes.length;
      if (length >= enough) {
        end();
        data.destroy();
      }
    });
    data.on('end', end);
    data.on('error', reject);
  });
}
