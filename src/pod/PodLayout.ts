import { join } from 'node:path';
import type { Representation, ResourceIdentifier, ResourceStore, TemplatedResourcesGenerator } from '../css';
import { BasicRepresentation, DC, getLoggerFor, NotFoundHttpError, readableToString } from '../css';
import type { RepresentationMetadata } from '../css';
import { isWebUrl } from '../url/webUrl';
import { podInbox } from '../publish/recipients';
import { withInbox } from './profileInbox';

const TEMPLATES = join(__dirname, '../../templates/pod');

/** Access modes that let other agents use each container, by its name. */
const ACCESS_GRANTS: Readonly<Record<string, string>> = {
  'inbox/': 'acl:Append to senders',
  'publish/': 'acl:Append to publishers',
  'subscriptions/': 'acl:Append to subscribers',
  'topics/': 'acl:Append to publishers and acl:Read to subscribers',
};

interface TemplatedResource {
  readonly identifier: ResourceIdentifier;
  readonly representation: Representation;
}

/**
 * Creates the containers of a pod: `publish/`, `topics/`, `subscriptions/` and `inbox/`.
 *
 * Adds `ldp:inbox` to the profiles of owners in the pod. An existing container is left unchanged, including its access
 * control and description; the access modes that its owner may want to grant are logged.
 *
 * @see https://www.w3.org/TR/ldn/#discovery
 */
export class PodLayout {
  protected readonly logger = getLoggerFor(this);
  private readonly generator: TemplatedResourcesGenerator;
  private readonly store: ResourceStore;
  /** Whether the layout is applied. */
  public readonly enabled: boolean;

  /**
   * @param generator - Generates resources from templates, for the server's kind of access control.
   * @param store - Resources of the server.
   * @param enabled - Whether the layout is applied. Default true.
   */
  public constructor(generator: TemplatedResourcesGenerator, store: ResourceStore, enabled = true) {
    this.generator = generator;
    this.store = store;
    this.enabled = enabled;
  }

  /**
   * Creates the missing containers of a pod and advertises its inbox.
   *
   * @param pod - Base URL of the pod.
   * @param owners - WebIDs of its owners. Without owners, no access control is written, and the pod's own applies.
   */
  public async apply(pod: string, owners: readonly string[]): Promise<void> {
    if (!this.enabled) {
      return;
    }
    owners = owners.filter(isWebUrl);
    const existing: string[] = [];
    for (const [ container, parts ] of await this.templatedResources(pod, owners)) {
      if (await this.store.hasResource({ path: container })) {
        parts.forEach(({ representation }): unknown => representation.data.destroy());
        existing.push(container.slice(pod.length));
      } else {
        await this.create(parts, owners.length > 0);
      }
    }
    const kept = existing.filter((name): boolean => name in ACCESS_GRANTS);
    if (kept.length > 0) {
      this.logger.warn(`The pod ${pod} keeps the access control of its existing ${kept.join(', ')}; its owner may want to grant ${
        kept.map((name): string => `${ACCESS_GRANTS[name]} on ${name}`).join(', ')}`);
    }
    for (const webId of owners) {
      await this.advertiseInbox(webId, pod);
    }
  }

  /** Whether any container of the layout exists in a pod. */
  public async exists(pod: string): Promise<boolean> {
    for (const name of Object.keys(ACCESS_GRANTS)) {
      const container = pod + name;
      if (await this.store.hasResource({ path: container })) {
        return true;
      }
    }
    return false;
  }

  /** Resources generated from the templates, by container directly below the pod, including the container. */
  private async templatedResources(pod: string, owners: readonly string[]): Promise<Map<string, TemplatedResource[]>> {
    const parts = new Map<string, TemplatedResource[]>();
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

  /** Writes a missing container, its description and, if the pod has owners, its access control. */
  private async create(parts: readonly TemplatedResource[], hasOwners: boolean): Promise<void> {
    for (const { identifier, representation } of parts) {
      if (hasOwners || !isAccessControl(identifier.path)) {
        await this.store.setRepresentation(identifier, representation);
      } else {
        representation.data.destroy();
      }
    }
  }

  /** Adds `ldp:inbox` to a profile in the pod without one. A failure is logged. */
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
      // Replaces only the version that was read.
      const version = versionOf(metadata);
      await this.store.setRepresentation(profile, written, {
        matchesMetadata: (current): boolean => current !== undefined && versionOf(current) === version,
      });
    } catch (error: unknown) {
      if (!NotFoundHttpError.isInstance(error)) {
        this.logger.warn(`The inbox could not be added to the profile ${profile.path}: ${(error as Error).message}`);
      }
    }
  }
}

/** Whether a resource of a template is an access control document of WAC or ACP. */
function isAccessControl(path: string): boolean {
  return /\.ac[lr]$/u.test(path);
}

function versionOf(metadata: RepresentationMetadata): string | undefined {
  return metadata.get(DC.terms.modified)?.value;
}
