import TTLCache from '@isaacs/ttlcache';
import type { IdentifierGenerator, PodStore, ResourceStore, StorageLocationStrategy } from '../css';
import { getLoggerFor, NotFoundHttpError, PIM, RDF } from '../css';
import { publishContainer } from '../event/Event';
import { parseUrl } from '../url/webUrl';
import type { PodOwners } from '../publish/ports';
import { podInbox } from '../publish/recipients';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { PodLifecycle, PodRecord, RegisteredPod } from './PodLifecycle';
import { resourceExists } from './resourceExists';
import type { PodListeners } from './PodListeners';
import type { ServerUrls } from '../url/ServerUrls';
import type { PodLayout } from './PodLayout';
import type { PodNames, RequestedPods } from '../http/ports';
import type { OwnedPods, PodRegistry } from './ports';

/** Maximum age, in milliseconds, of a cached pod of a WebID and of a cached pod of an account. */
const WEBID_MAX_AGE = 60_000;
/** Maximum age, in milliseconds, of a cached pod of a URL and of the cached absence of an account's pod. */
const SHORT_MAX_AGE = 1_000;
/** Maximum number of entries in each cache of pods. */
const MAX_WEBIDS = 10_000;
/** Maximum age, in milliseconds, and maximum number of cached pod verifications. */
const VERIFIED_MAX_AGE = 60_000;
const MAX_VERIFIED = 100_000;
/** Number of containers read from the store at a time. */
const CONTAINER_BATCH = 100;

/**
 * Result of comparing a registered pod with the server's resources.
 *
 * - `same`: the registered pod exists;
 * - `absent`: its resources do not exist, but the server still has its record;
 * - `ended`: it no longer exists, or another pod has its URL.
 */
type PodState = 'same' | 'absent' | 'ended';

/** Dependencies and limits of {@link PodDirectory}. */
export interface PodDirectoryArgs {
  /** Canonical form of URLs of this server. */
  urls: ServerUrls;
  /** Derives the storage of a URL from its form. */
  storageStrategy: StorageLocationStrategy;
  /** Derives the account pod of a URL from the naming scheme of pods. */
  identifierGenerator: IdentifierGenerator;
  /** Pods created by accounts, with their owners. */
  podStore: PodStore;
  /** Resources of the server, including the roots of pods without an account. */
  resourceStore: ResourceStore;
  /** Creates the containers of a pod. */
  layout: PodLayout;
  /** Registry of pods that have been set up. */
  store: PodRegistry;
  /** Ends the data of pods that no longer exist. */
  lifecycle: PodLifecycle;
  /** Notified of pods that are set up and ended, and of deleted containers. */
  listeners: PodListeners;
}

/**
 * Directory of the pods of this server. Sets up each pod at its first use.
 *
 * The data of a registered pod is used only while the same pod exists. Each process verifies a pod at its first use,
 * and again after 60 seconds: its root container exists, its record in the account store is unchanged, and at least one
 * container of the layout exists. Otherwise the data of the pod is ended.
 */
export class PodDirectory implements PodOwners, PodNames, RequestedPods, OwnedPods {
  protected readonly logger = getLoggerFor(this);
  private readonly urls: ServerUrls;
  private readonly storageStrategy: StorageLocationStrategy;
  private readonly identifierGenerator: IdentifierGenerator;
  private readonly podStore: PodStore;
  private readonly resourceStore: ResourceStore;
  private readonly layout: PodLayout;
  private readonly store: PodRegistry;
  private readonly podsByWebId = new TTLCache<string, string>({
    max: MAX_WEBIDS, ttl: WEBID_MAX_AGE, checkAgeOnGet: true,
  });
  private readonly podsByUrl = new TTLCache<string, string>({
    max: MAX_WEBIDS, ttl: SHORT_MAX_AGE, checkAgeOnGet: true,
  });
  private readonly accountPods = new TTLCache<string, boolean>({ max: MAX_WEBIDS, checkAgeOnGet: true });
  private readonly setups = new Map<string, Promise<boolean>>();
  private readonly lifecycle: PodLifecycle;
  private readonly listeners: PodListeners;
  private readonly verifications = new Map<string, Promise<boolean | undefined>>();
  private readonly verified = new TTLCache<string, true>({
    max: MAX_VERIFIED, ttl: VERIFIED_MAX_AGE, checkAgeOnGet: true,
  });
  /** Pods with containers inspected by this process. */
  private readonly inspected = new Set<string>();

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: PodDirectoryArgs) {
    this.urls = args.urls;
    this.storageStrategy = args.storageStrategy;
    this.identifierGenerator = args.identifierGenerator;
    this.podStore = args.podStore;
    this.resourceStore = args.resourceStore;
    this.layout = args.layout;
    this.store = args.store;
    this.lifecycle = args.lifecycle;
    this.listeners = args.listeners;
    args.listeners.add({
      verify: async(url): Promise<boolean> => {
        const pod = await this.locate(url);
        return pod === undefined || await this.verify(pod) !== false;
      },
      ended: async(pod): Promise<void> => this.forget(pod),
    });
  }

  public async locate(url: string): Promise<string | undefined> {
    const known = this.podsByUrl.get(url);
    if (known !== undefined) {
      return known;
    }
    const pod = await this.find(url);
    if (pod !== undefined) {
      this.podsByUrl.set(url, pod);
    }
    return pod;
  }

  private async find(url: string): Promise<string | undefined> {
    const storage = await this.storageOf(url);
    const pod = this.generatedPodOf(url);
    // The whole server can be one storage that contains the pods of accounts.
    return pod !== undefined && pod !== storage && await this.isOfAccount(pod) ? pod : storage;
  }

  private async storageOf(url: string): Promise<string | undefined> {
    try {
      return (await this.storageStrategy.getStorageIdentifier({ path: url })).path;
    } catch {
      return undefined;
    }
  }

  private generatedPodOf(url: string): string | undefined {
    try {
      return this.identifierGenerator.extractPod({ path: url }).path;
    } catch {
      return undefined;
    }
  }

  private async isOfAccount(pod: string): Promise<boolean> {
    let known = this.accountPods.get(pod);
    if (known === undefined) {
      known = await this.store.hasPod(pod) || await this.podStore.findByBaseUrl(pod) !== undefined;
      this.accountPods.set(pod, known, { ttl: known ? WEBID_MAX_AGE : SHORT_MAX_AGE });
    }
    return known;
  }

  public async hasResource(url: string): Promise<boolean> {
    return resourceExists(this.resourceStore, url);
  }

  /** Whether a pod with this base URL exists. An existing pod is set up before the promise is fulfilled. */
  public async exists(pod: string): Promise<boolean> {
    const verified = await this.verify(pod);
    if (verified !== undefined) {
      return verified;
    }
    let setUp = this.setups.get(pod);
    if (!setUp) {
      setUp = this.setUp(pod).finally((): unknown => this.setups.delete(pod));
      this.setups.set(pod, setUp);
    }
    return setUp;
  }

  /**
   * Whether a registered pod still exists as the same pod. Otherwise its data is ended.
   *
   * @returns `false` if its resources are missing but its record exists; `undefined` if it is not, or no longer,
   * registered.
   */
  public async verify(pod: string): Promise<boolean | undefined> {
    if (this.verified.get(pod)) {
      return true;
    }
    let answer = this.verifications.get(pod);
    if (!answer) {
      answer = this.verifyNow(pod).finally((): unknown => this.verifications.delete(pod));
      this.verifications.set(pod, answer);
    }
    return answer;
  }

  private async verifyNow(pod: string): Promise<boolean | undefined> {
    if (await this.lifecycle.isEnding(pod)) {
      await this.end(pod);
    }
    const record = await this.lifecycle.recordOf(pod);
    if (!record) {
      return undefined;
    }
    const state = await this.stateOf(pod, record);
    if (state === 'ended') {
      if (!await this.end(pod, record.key)) {
        // Another process has ended it in the meantime, and the URL can have a new pod.
        return this.verifyNow(pod);
      }
      this.logger.warn(`The pod ${pod} no longer exists or was replaced: its stored events have been ended`);
      return undefined;
    }
    if (state === 'absent') {
      return false;
    }
    await this.inspect(pod, record);
    this.verified.set(pod, true);
    return true;
  }

  private async stateOf(pod: string, { identity, hasLayout, key }: RegisteredPod): Promise<PodState> {
    const found = await this.podStore.findByBaseUrl(pod);
    if (!await this.resourceStore.hasResource({ path: pod })) {
      return found && (identity === undefined || identity === found.id) ? 'absent' : 'ended';
    }
    if (identity !== undefined && found && found.id !== identity) {
      return 'ended';
    }
    if (hasLayout && this.layout.enabled && !await this.layout.exists(pod)) {
      return 'ended';
    }
    if (identity === undefined) {
      await this.lifecycle.setRecord(pod, { identity: found?.id ?? '', hasLayout }, key);
    }
    return 'same';
  }

  /** Ends a pod, or the unfinished ending of one. */
  private async end(pod: string, key?: number): Promise<boolean> {
    const isEnded = await this.lifecycle.endPod(pod, key);
    await this.listeners.ended(pod);
    return isEnded;
  }

  /** Removes a pod from all caches. */
  private forget(pod: string): void {
    this.verified.delete(pod);
    this.inspected.delete(pod);
    this.accountPods.delete(pod);
    for (const [ webId, known ] of this.podsByWebId.entries()) {
      if (known === pod) {
        this.podsByWebId.delete(webId);
      }
    }
  }

  /**
   * Closes the containers of a pod that were deleted without the server.
   *
   * The first inspection by a process covers all containers with stored data, later ones the inbox and `publish/`.
   */
  private async inspect(pod: string, { hasLayout }: PodRecord): Promise<void> {
    await this.inspectOne(podInbox(pod));
    if (hasLayout) {
      await this.inspectOne(publishContainer(pod));
    }
    if (this.inspected.has(pod)) {
      return;
    }
    for (let after = ''; ;) {
      const containers = await this.lifecycle.containersIn(pod, after, CONTAINER_BATCH);
      for (const container of containers) {
        // Without a layout, events can be published without a `publish/` container.
        if (container !== publishContainer(pod)) {
          await this.inspectOne(container);
        }
      }
      if (containers.length < CONTAINER_BATCH) {
        break;
      }
      after = containers.at(-1)!;
    }
    this.inspected.add(pod);
  }

  private async inspectOne(container: string): Promise<void> {
    const isClosed = await this.lifecycle.isClosed(container);
    const exists = await this.resourceStore.hasResource({ path: container });
    if (exists && isClosed) {
      await this.lifecycle.openContainer(container);
    } else if (!exists && !isClosed && await this.lifecycle.closeContainer(container, true) === 'closed') {
      await this.listeners.containerGone(container);
    }
  }

  /**
   * Returns the pod with an account's pod name. An existing pod is set up before the promise is fulfilled.
   *
   * @param name - Name as in the URL of the pod. A name that needs encoding in a URL matches no pod.
   *
   * @returns Base URL of the pod; `undefined` if none exists.
   */
  public async podNamed(name: string): Promise<string | undefined> {
    const { path } = this.identifierGenerator.generate(name);
    return isNamed(path, name) && await this.exists(path) ? path : undefined;
  }

  public canonical(webId: string, name: string): string {
    return this.urls.canonical(webId, name);
  }

  public isHere(url: string): boolean {
    return this.urls.isLocal(url);
  }

  public async podOf(text: string): ReturnType<PodOwners['podOf']> {
    const known = this.podsByWebId.get(text);
    if (known) {
      return { pod: known };
    }
    const webId = this.urls.tryCanonical(text);
    if (webId === undefined) {
      return { reason: 'unknown' };
    }
    const document = this.urls.targetOf(webId);
    if (document === undefined) {
      return { reason: 'elsewhere' };
    }
    const pod = await this.locate(document);
    if (!pod || !await this.exists(pod) || !await this.belongsTo(pod, webId, document)) {
      return { reason: 'unknown' };
    }
    this.podsByWebId.set(text, pod);
    return { pod };
  }

  public async isOwner(pod: string, webId: string): Promise<boolean> {
    return this.includes(await this.ownersOf(pod) ?? [], webId);
  }

  /** Whether a list of WebIDs contains a WebID, by its text or by its canonical form. */
  private includes(podsByWebId: readonly string[], webId: string): boolean {
    const canonical = this.urls.tryCanonical(webId) ?? webId;
    return podsByWebId.some((each): boolean => each === webId || this.urls.tryCanonical(each) === canonical);
  }

  private async setUp(pod: string): Promise<boolean> {
    const owners = await this.ownersOf(pod);
    if (owners ? !await this.resourceStore.hasResource({ path: pod }) : !await this.isStorage(pod)) {
      return false;
    }
    await this.listeners.settingUp(pod);
    await this.layout.apply(pod, owners ?? []);
    const found = await this.podStore.findByBaseUrl(pod);
    const record = { identity: found?.id ?? '', hasLayout: this.layout.enabled };
    try {
      await this.store.registerPod(pod);
      await this.lifecycle.setRecord(pod, record);
      await this.inspect(pod, record);
      this.logger.info(`Set up the pod ${pod}`);
    } catch (error: unknown) {
      // A later use registers the pod; until then it can be read.
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
      this.logger.warn(`The registration of the pod ${pod} could not be stored: ${error.message}`);
      return true;
    }
    this.verified.set(pod, true);
    return true;
  }

  /** WebIDs of the owners; `undefined` if no account created the pod. */
  private async ownersOf(pod: string): Promise<string[] | undefined> {
    const found = await this.podStore.findByBaseUrl(pod);
    const owners = found && await this.podStore.getOwners(found.id);
    return owners?.map(({ webId }): string => webId);
  }

  /** Whether a resource is typed as a storage: a pod without an account. */
  private async isStorage(pod: string): Promise<boolean> {
    try {
      const { metadata, data } = await this.resourceStore.getRepresentation({ path: pod }, {});
      data.destroy();
      return metadata.getAll(RDF.terms.type).some(({ value }): boolean => value === PIM.Storage);
    } catch (error: unknown) {
      // Segments of URLs can be longer than file names.
      if (NotFoundHttpError.isInstance(error) || (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') {
        return false;
      }
      throw error;
    }
  }

  /** Whether a WebID owns a pod: by its account, or else by a profile document that exists in the pod. */
  private async belongsTo(pod: string, webId: string, document: string): Promise<boolean> {
    const owners = await this.ownersOf(pod);
    return owners ? this.includes(owners, webId) : resourceExists(this.resourceStore, document);
  }
}

/** Whether a name is the last path segment, or the subdomain, of the base URL of a pod. */
function isNamed(pod: string, name: string): boolean {
  const url = parseUrl(pod);
  if (name === '' || !url) {
    return false;
  }
  const { hostname, pathname } = url;
  return pathname.split('/').at(-2) === name || hostname.split('.')[0] === name;
}
