import type { ResourceSet } from '../css';
import type { Containers } from '../subscription/ports';
import type { ServerUrls } from '../url/ServerUrls';
import type { PodDirectory } from './PodDirectory';
import { resourceExists } from './resourceExists';

/**
 * Looks up containers among the resources of the server.
 */
export class ServerContainers implements Containers {
  private readonly urls: ServerUrls;
  private readonly pods: PodDirectory;
  private readonly resources: ResourceSet;

  /**
   * @param urls - Canonical form of URLs of this server.
   * @param pods - Directory of pods.
   * @param resources - The resources of the server.
   */
  public constructor(urls: ServerUrls, pods: PodDirectory, resources: ResourceSet) {
    this.urls = urls;
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
    return this.urls.isLocal(url);
  }

  public canonical(url: string, name: string): string {
    return this.urls.canonical(url, name);
  }

  public async exists(url: string): Promise<boolean> {
    return resourceExists(this.resources, url);
  }
}
