import type { IdentifierStrategy, ResourceSet } from '@solid/community-server';
import type { Containers } from '../publish/ports';
import type { PodDirectory } from './PodDirectory';

/**
 * Looks containers up among the resources of the server.
 */
export class ServerContainers implements Containers {
  private readonly identifierStrategy: IdentifierStrategy;
  private readonly pods: PodDirectory;
  private readonly resources: ResourceSet;

  public constructor(identifierStrategy: IdentifierStrategy, pods: PodDirectory, resources: ResourceSet) {
    this.identifierStrategy = identifierStrategy;
    this.pods = pods;
    this.resources = resources;
  }

  public async podOfContainer(url: string): Promise<string | undefined> {
    if (!this.isHere(url)) {
      return undefined;
    }
    const pod = await this.pods.locate(url);
    return pod && await this.pods.exists(pod) ? pod : undefined;
  }

  public isHere(url: string): boolean {
    return this.identifierStrategy.supportsIdentifier({ path: url });
  }

  public async exists(url: string): Promise<boolean> {
    return this.resources.hasResource({ path: url });
  }
}
