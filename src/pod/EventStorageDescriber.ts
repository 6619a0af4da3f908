import type { Quad, Quad_Object } from '@rdfjs/types';
import type { ResourceIdentifier } from '@solid/community-server';
import { StorageDescriber } from '@solid/community-server';
import { DataFactory } from 'n3';
import { publishContainer } from '../event/Event';
import { EVENTS } from '../event/vocabulary';
import { subscriptionsContainer } from '../subscription/Subscription';

/**
 * Advertises where to publish, and where to subscribe, in the description of each pod.
 *
 * @see https://solidproject.org/TR/protocol#storage-description
 */
export class EventStorageDescriber extends StorageDescriber {
  public override async handle({ path: pod }: ResourceIdentifier): Promise<Quad[]> {
    const endpoints = {
      publish: publishContainer(pod),
      externalEvent: `${pod}__event`,
      subscriptions: subscriptionsContainer(pod),
      topics: `${pod}topics/`,
    };
    return Object.entries(endpoints).map(([ term, url ]): Quad => DataFactory.quad(
      DataFactory.namedNode(pod),
      DataFactory.namedNode(`${EVENTS}${term}`),
      DataFactory.namedNode(url) as Quad_Object,
    ) as Quad);
  }
}
