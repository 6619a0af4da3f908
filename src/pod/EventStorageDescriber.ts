import type { Quad, Quad_Object } from '@rdfjs/types';
import type { ResourceIdentifier } from '../css';
import { StorageDescriber } from '../css';
import { DataFactory } from 'n3';
import { EVENTS } from '../event/vocabulary';

/**
 * Advertises the publish and subscribe endpoints in the storage description of each pod.
 *
 * @see https://solidproject.org/TR/protocol#storage-description
 */
export class EventStorageDescriber extends StorageDescriber {
  private readonly endpoints: Record<string, string>;

  /**
   * @param endpoints - Paths relative to the base URL of a pod, by term of the vocabulary. Each endpoint adds its own.
   */
  public constructor(endpoints: Record<string, string>) {
    super();
    this.endpoints = endpoints;
  }

  public override async handle({ path: pod }: ResourceIdentifier): Promise<Quad[]> {
    // Sorted, because the order of the configuration's entries is not defined.
    return Object.entries(this.endpoints).sort().map(([ term, path ]): Quad => DataFactory.quad(
      DataFactory.namedNode(pod),
      DataFactory.namedNode(`${EVENTS}${term}`),
      DataFactory.namedNode(`${pod}${path}`) as Quad_Object,
    ) as Quad);
  }
}
