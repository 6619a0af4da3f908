import type { AuxiliaryIdentifierStrategy, ResourceIdentifier } from '@solid/community-server';
import { ensureTrailingSlash } from '@solid/community-server';

/**
 * Knows the folder of the event store, which the server sees among the files at its root,
 * so that it is not listed there as a resource.
 */
export class DataFolderIdentifierStrategy implements AuxiliaryIdentifierStrategy {
  private readonly root: string;

  /**
   * @param baseUrl - The base URL of the server.
   */
  public constructor(baseUrl: string) {
    this.root = ensureTrailingSlash(baseUrl);
  }

  public getAuxiliaryIdentifier(): ResourceIdentifier {
    return { path: `${this.root}.events/` };
  }

  /** No resource has it beside itself, so none is read, written or deleted with it. */
  public getAuxiliaryIdentifiers(): ResourceIdentifier[] {
    return [];
  }

  public isAuxiliaryIdentifier({ path }: ResourceIdentifier): boolean {
    return path === this.getAuxiliaryIdentifier().path;
  }

  public getSubjectIdentifier(): ResourceIdentifier {
    return { path: this.root };
  }
}
