import type { AuxiliaryIdentifierStrategy, ResourceIdentifier } from '../css';
import { ensureTrailingSlash } from '../css';

/**
 * Declares the folder of the event store, `.events/`, an auxiliary resource of the server's root.
 *
 * The folder lies among the files at the root. Auxiliary resources are not listed in a container.
 */
export class DataFolderIdentifierStrategy implements AuxiliaryIdentifierStrategy {
  private readonly root: string;

  /**
   * @param baseUrl - Base URL of the server.
   */
  public constructor(baseUrl: string) {
    this.root = ensureTrailingSlash(baseUrl);
  }

  public getAuxiliaryIdentifier(): ResourceIdentifier {
    return { path: `${this.root}.events/` };
  }

  /** Returns none, so that the folder is not read, written or deleted along with any resource. */
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
