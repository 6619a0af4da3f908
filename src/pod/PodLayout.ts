import { join } from 'node:path';
import type { ResourceStore, TemplatedResourcesGenerator } from '@solid/community-server';
import {
  BasicRepresentation,
  getLoggerFor,
  INTERNAL_QUADS,
  NotFoundHttpError,
  readableToQuads,
  RepresentationMetadata,
  guardedStreamFrom,
} from '@solid/community-server';
import { DataFactory } from 'n3';
import { LDP } from '../event/vocabulary';
import { isWebUrl } from '../event/url';
import { ownInbox } from '../publish/Publisher';

const TEMPLATES = join(__dirname, '../../templates/pod');

/**
 * Gives a pod what publish and subscribe need: `publish/`, `topics/`, `subscriptions/`, `inbox/`,
 * each with the access of a new pod, and `ldp:inbox` in the owner's profile.
 * What is already there stays as it is.
 *
 * @see https://www.w3.org/TR/ldn/#discovery
 */
export class PodLayout {
  protected readonly logger = getLoggerFor(this);
  private readonly generator: TemplatedResourcesGenerator;
  private readonly store: ResourceStore;
  private readonly enabled: boolean;

  /**
   * @param generator - Makes resources of templates, in the form of the server's access control.
   * @param store - Where the resources are written.
   * @param enabled - Whether pods are given anything at all. Default true.
   */
  public constructor(generator: TemplatedResourcesGenerator, store: ResourceStore, enabled = true) {
    this.generator = generator;
    this.store = store;
    this.enabled = enabled;
  }

  /**
   * Sets a pod up.
   *
   * @param pod - The base URL of the pod.
   * @param owners - The WebIDs of its owners; without any, no access control is written, and the pod's own holds.
   */
  public async apply(pod: string, owners: readonly string[]): Promise<void> {
    if (!this.enabled) {
      return;
    }
    owners = owners.filter(isWebUrl);
    const made = new Set<string>();
    for await (const { identifier, representation } of this.generator.generate(TEMPLATES, { path: pod }, { owners })) {
      // A description exists as soon as what it describes does, so it is written for what was made here.
      const isMissing = made.has(identifier.path.replace(/\.meta$/u, '')) || !await this.store.hasResource(identifier);
      if (isMissing && (owners.length > 0 || !isAccessControl(identifier.path))) {
        await this.store.setRepresentation(identifier, representation);
        made.add(identifier.path);
      } else {
        representation.data.destroy();
      }
    }
    for (const webId of owners) {
      await this.advertiseInbox(webId, pod);
    }
  }

  /** Adds `ldp:inbox` to a profile that lies in the pod and has none. */
  private async advertiseInbox(webId: string, pod: string): Promise<void> {
    const profile = { path: webId.replace(/#.*$/u, '') };
    if (!profile.path.startsWith(pod)) {
      return;
    }
    try {
      const { data } = await this.store.getRepresentation(profile, { type: { [INTERNAL_QUADS]: 1 }});
      const quads = await readableToQuads(data);
      const inbox = DataFactory.namedNode(`${LDP}inbox`);
      if (quads.getQuads(DataFactory.namedNode(webId), inbox, null, null).length > 0) {
        return;
      }
      const insert = DataFactory.quad(DataFactory.namedNode(webId), inbox, DataFactory.namedNode(ownInbox(pod)));
      // The form in which CSS hands a parsed N3 Patch to its patchers.
      const patch = Object.assign(
        new BasicRepresentation(guardedStreamFrom([]), new RepresentationMetadata(profile, 'text/n3')),
        { deletes: [], inserts: [ insert ], conditions: []},
      );
      await this.store.modifyResource(profile, patch);
    } catch (error: unknown) {
      if (!NotFoundHttpError.isInstance(error)) {
        this.logger.warn(`The profile ${profile.path} does not advertise an inbox: ${(error as Error).message}`);
      }
    }
  }
}

/** Whether a template is of access control, WAC's or ACP's. */
function isAccessControl(path: string): boolean {
  return /\.ac[lr]$/u.test(path);
}
