import type { Readable } from 'node:stream';
import type { Representation, ResourceStore } from '@solid/community-server';
import { NotFoundHttpError, NotImplementedHttpError } from '@solid/community-server';
import { JSON_LD, TURTLE } from '../event/mediaTypes';
import type { LocalDocument, LocalDocuments } from '../identity/profiles/LocalDocuments';
import type { Access } from '../access/ports';
import type { ServerUrls } from '../url/ServerUrls';

/**
 * Reads documents of this server as everybody may.
 */
export class ServerDocuments implements LocalDocuments {
  private readonly urls: ServerUrls;
  private readonly store: ResourceStore;
  private readonly access: Access;

  /**
   * @param urls - Canonical form of URLs of this server.
   * @param store - Holds the documents.
   * @param access - Tells which of them everybody may read.
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
    const bytes = await readSome(representation.data, maxBytes + 1);
    return {
      type: (representation.metadata.contentType ?? '').split(';')[0].trim().toLowerCase(),
      body: bytes.subarray(0, maxBytes).toString(),
      isCut: bytes.length > maxBytes,
    };
  }

  /** Neither form is preferred, so that what is stored as one of them is not converted. */
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

/** At least so many bytes of a stream, or all; what is left is let go, and with it the lock on the document. */
async function readSome(data: Readable, enough: number): Promise<Buffer> {
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
