import { join } from 'node:path';
import type { Representation, ResourceIdentifier, ResourceStore, TemplatedResourcesGenerator } from '@solid/community-server';
import { BasicRepresentation, DC, getLoggerFor, NotFoundHttpError, readableToString } from '@solid/community-server';
import type { RepresentationMetadata } from '@solid/community-server';
import { isWebUrl } from '../url/webUrl';
import { publishContainer } from '../event/Event';
import { podInbox } from '../publish/recipients';
import { withInbox } from './profileInbox';

const TEMPLATES = join(__dirname, '../../templates/pod');

/** The access that lets others use each container, by its name. */
const GRANTS: Readonly<Record<string, string>> = {
  'inbox/': 'acl:Append to senders',
  'publish/': 'acl:Append to publishers',
  'subscriptions/': 'acl:Append to subscribers',
  'topics/': 'acl:Append to publishers and acl:Read to subscribers',
};

interface Part {
  readonly identifier: ResourceIdentifier;
  readonly representation: Representation;
}

/**
 * Creates the containers that publish and subscribe need: `publish/`, `topics/`, `subscriptions/` and `inbox/`,
 * and adds `ldp:inbox` to the owner's profile.
 *
 * A container that exists is left alone: neither its access control nor its description is written, and the access
 * that its owner may want to grant is logged.
 *
 * @see https://www.w3.org/TR/ldn/#discovery
 */
export class PodLayout {
  protected readonly logger = getLoggerFor(this);
  private readonly generator: TemplatedResourcesGenerator;
  private readonly store: ResourceStore;
  /** Whether pods are given anything at all. */
  public readonly enabled: boolean;

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
    const existing: string[] = [];
    for (const [ container, parts ] of await this.partsOf(pod, owners)) {
      if (await this.store.hasResource({ path: container })) {
        parts.forEach(({ representation }): unknown => representation.data.destroy());
        existing.push(container.slice(pod.length));
      } else {
        await this.create(parts, owners.length > 0);
      }
    }
    const kept = existing.filter((name): boolean => name in GRANTS);
    if (kept.length > 0) {
      this.logger.warn(`The pod ${pod} keeps the access of its own ${kept.join(', ')}; its owner may want to grant ${
        kept.map((name): string => `${GRANTS[name]} on ${name}`).join(', ')}`);
    }
    for (const webId of owners) {
      await this.advertiseInbox(webId, pod);
    }
  }

  /** Whether any container of the layout exists. */
  public async isThere(pod: string): Promise<boolean> {
    for (const container of [ publishContainer(pod), ...Object.keys(GRANTS).map((name): string => pod + name) ]) {
      if (await this.store.hasResource({ path: container })) {
        return true;
      }
    }
    return false;
  }

  /** What the templates have for each container directly below the pod, the container itself included. */
  private async partsOf(pod: string, owners: readonly string[]): Promise<Map<string, Part[]>> {
    const parts = new Map<string, Part[]>();
    for await (const part of this.generator.generate(TEMPLATES, { path: pod }, { owners })) {
      const { path } = part.identifier;
      const end = path.indexOf('/', pod.length);
      if (end < 0) {
        part.representation.data.destroy();
        continue;
      }
      const container = path.slice(0, end + 1);
      parts.set(container, [ ...parts.get(container) ?? [], part ]);
    }
    return parts;
  }

  /** Writes a container that does not exist, with its access control and its description. */
  private async create(parts: readonly Part[], hasOwners: boolean): Promise<void> {
    for (const { identifier, representation } of parts) {
      if (hasOwners || !isAccessControl(identifier.path)) {
        await this.store.setRepresentation(identifier, representation);
      } else {
        representation.data.destroy();
      }
    }
  }

  /** Adds `ldp:inbox` to a profile that lies in the pod and has none. */
  private async advertiseInbox(webId: string, pod: string): Promise<void> {
    const profile = { path: webId.replace(/#.*$/u, '') };
    if (!profile.path.startsWith(pod)) {
      return;
    }
    try {
      const { data, metadata } = await this.store.getRepresentation(profile, {});
      const text = await readableToString(data);
      const changed = withInbox(text, metadata.contentType, profile.path, webId, pod, podInbox(pod));
      if (changed === undefined) {
        return;
      }
      const written = new BasicRepresentation(changed, profile, metadata.contentType);
      // Written only over the version that was read.
      const version = versionOf(metadata);
      await this.store.setRepresentation(profile, written, {
        matchesMetadata: (current): boolean => current !== undefined && versionOf(current) === version,
      });
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

function versionOf(metadata: RepresentationMetadata): string | undefined {
  return metadata.get(DC.terms.modified)?.value;
}
