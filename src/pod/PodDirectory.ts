import TTLCache from '@isaacs/ttlcache';
import type { IdentifierGenerator, PodStore, ResourceStore, StorageLocationStrategy } from '@solid/community-server';
import { getLoggerFor, NotFoundHttpError, PIM, RDF } from '@solid/community-server';
import { publishContainer } from '../event/Event';
import { parseUrl } from '../url/webUrl';
import type { PodOwners } from '../publish/ports';
import { podInbox } from '../publish/Publisher';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { PodLifecycle, PodRecord } from './PodLifecycle';
import { exists } from './exists';
import type { PodHooks } from './PodHooks';
import type { ServerUrls } from '../url/ServerUrls';
import type { PodLayout } from './PodLayout';
import type { PodNames, RequestedPods } from '../http/ports';
import type { PodRegistry } from './ports';

/** How long it is remembered which pod a WebID has, in milliseconds. */
const WEBID_MAX_AGE = 60_000;
/** How long it is remembered that there is no pod of an account, and in which pod a URL lies, in milliseconds. */
const MISSING_MAX_AGE = 1_000;
/** How many WebIDs are remembered. */
const MOST_WEBIDS = 10_000;
/** How long a pod that was looked at is taken to be the same, in milliseconds, and how many are remembered. */
const VERIFIED_MAX_AGE = 60_000;
const MAX_VERIFIED = 100_000;
/** How many containers are asked for at a time. */
const CONTAINERS = 100;

/**
 * - `same`: the pod is the one that was registered;
 * - `absent`: its resources do not exist, and the server still has its record;
 * - `ended`: it does not exist any more, or another one has its URL.
 */
type State = 'same' | 'absent' | 'ended';

/**
 * Knows the pods of this server, and sets each up at its first use.
 *
 * What is kept of a registered pod is used only while the pod is the one that was registered. That is looked at when
 * a process first uses the pod, and again after 60 seconds: its root container has to exist, its record in the account
 * store must not be another one, and not all containers of the layout may be gone. Otherwise its data is ended.
 */
export class PodDirectory implements PodOwners, PodNames, RequestedPods {
  protected readonly logger = getLoggerFor(this);
  private readonly urls: ServerUrls;
  private readonly storageStrategy: StorageLocationStrategy;
  private readonly identifierGenerator: IdentifierGenerator;
  private readonly podStore: PodStore;
  private readonly resourceStore: ResourceStore;
  private readonly layout: PodLayout;
  private readonly store: PodRegistry;
  private readonly webIds = new TTLCache<string, string>({ max: MOST_WEBIDS, ttl: WEBID_MAX_AGE, checkAgeOnGet: true });
  private readonly located = new TTLCache<string, string>({
    max: MOST_WEBIDS, ttl: MISSING_MAX_AGE, checkAgeOnGet: true,
  });
  private readonly ofAccounts = new TTLCache<string, boolean>({ max: MOST_WEBIDS, checkAgeOnGet: true });
  private readonly beingSetUp = new Map<string, Promise<boolean>>();
  private readonly lifecycle: PodLifecycle;
  private readonly hooks: PodHooks;
  private readonly beingVerified = new Map<string, Promise<boolean | undefined>>();
  private readonly verified = new TTLCache<string, true>({
    max: MAX_VERIFIED, ttl: VERIFIED_MAX_AGE, checkAgeOnGet: true,
  });
  /** Pods whose containers this process has looked for. */
  private readonly inspected = new Set<string>();

  /**
   * @param urls - Canonical form of URLs of this server.
   * @param storageStrategy - Tells in which storage a URL lies, by its form.
   * @param identifierGenerator - Tells which pod a URL would lie in, as pods of accounts are named.
   * @param podStore - Knows the pods that were made by accounts, and their owners.
   * @param resourceStore - Knows the pods that were made otherwise.
   * @param layout - Sets a pod up.
   * @param store - Remembers which pods have been set up.
   * @param lifecycle - Ends what is kept of pods that do not exist any more.
   * @param hooks - Is told of that.
   */
  public constructor(
    urls: ServerUrls,
    storageStrategy: StorageLocationStrategy,
    identifierGenerator: IdentifierGenerator,
    podStore: PodStore,
    resourceStore: ResourceStore,
    layout: PodLayout,
    store: PodRegistry,
    lifecycle: PodLifecycle,
    hooks: PodHooks,
  ) {
    this.urls = urls;
    this.storageStrategy = storageStrategy;
    this.identifierGenerator = identifierGenerator;
    this.podStore = podStore;
    this.resourceStore = resourceStore;
    this.layout = layout;
    this.store = store;
    this.lifecycle = lifecycle;
    this.hooks = hooks;
    hooks.add({
      verify: async(url): Promise<boolean> => {
        const pod = await this.locate(url);
        return pod === undefined || await this.verify(pod) !== false;
      },
      ended: async(pod): Promise<void> => this.forget(pod),
    });
  }

  public async locate(url: string): Promise<string | undefined> {
    const known = this.located.get(url);
    if (known !== undefined) {
      return known;
    }
    const pod = await this.find(url);
    if (pod !== undefined) {
      this.located.set(url, pod);
    }
    return pod;
  }

  private async find(url: string): Promise<string | undefined> {
    const storage = await this.storageOf(url);
    const pod = this.generatedPodOf(url);
    // The server can be one storage as a whole, and pods of accounts lie in it all the same.
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
    let known = this.ofAccounts.get(pod);
    if (known === undefined) {
      known = await this.store.hasPod(pod) || await this.podStore.findByBaseUrl(pod) !== undefined;
      this.ofAccounts.set(pod, known, { ttl: known ? WEBID_MAX_AGE : MISSING_MAX_AGE });
    }
    return known;
  }

  /**
   * Whether there is a pod with this base URL; if there is, it is set up when this returns.
   */
  public async exists(pod: string): Promise<boolean> {
    const isThere = await this.verify(pod);
    if (isThere !== undefined) {
      return isThere;
    }
    let setUp = this.beingSetUp.get(pod);
    if (!setUp) {
      setUp = this.setUp(pod).finally((): unknown => this.beingSetUp.delete(pod));
      this.beingSetUp.set(pod, setUp);
    }
    return setUp;
  }

  /**
   * Whether a registered pod is the one that was registered. What is kept of a pod that is not is ended.
   *
   * @returns `false` if its resources are missing; `undefined` if it is not registered, or not any more.
   */
  public async verify(pod: string): Promise<boolean | undefined> {
    if (this.verified.get(pod)) {
      return true;
    }
    let answer = this.beingVerified.get(pod);
    if (!answer) {
      answer = this.verifyNow(pod).finally((): unknown => this.beingVerified.delete(pod));
      this.beingVerified.set(pod, answer);
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
      this.logger.warn(`The pod ${pod} does not exist any more, or is another one: the events kept of it are ended`);
      await this.end(pod);
      return undefined;
    }
    if (state === 'absent') {
      return false;
    }
    await this.inspect(pod, record);
    this.verified.set(pod, true);
    return true;
  }

  private async stateOf(pod: string, { identity, isLaid }: PodRecord): Promise<State> {
    const found = await this.podStore.findByBaseUrl(pod);
    if (!await this.resourceStore.hasResource({ path: pod })) {
      return found && (identity === undefined || identity === found.id) ? 'absent' : 'ended';
    }
    if (identity !== undefined && found && found.id !== identity) {
      return 'ended';
    }
    if (isLaid && this.layout.enabled && !await this.layout.isThere(pod)) {
      return 'ended';
    }
    if (identity === undefined) {
      await this.lifecycle.setRecord(pod, { identity: found?.id ?? '', isLaid });
    }
    return 'same';
  }

  private async end(pod: string): Promise<void> {
    await this.lifecycle.endPod(pod);
    await this.hooks.ended(pod);
  }

  /** Forgets what was remembered of a pod. */
  private forget(pod: string): void {
    this.verified.delete(pod);
    this.inspected.delete(pod);
    this.ofAccounts.delete(pod);
    for (const [ webId, known ] of this.webIds.entries()) {
      if (known === pod) {
        this.webIds.delete(webId);
      }
    }
  }

  /** Closes the containers of a pod that were deleted without the server: all once, later its own ones. */
  private async inspect(pod: string, { isLaid }: PodRecord): Promise<void> {
    await this.inspectOne(podInbox(pod));
    if (isLaid) {
      await this.inspectOne(publishContainer(pod));
    }
    if (this.inspected.has(pod)) {
      return;
    }
    for (let after = ''; ;) {
      const containers = await this.lifecycle.containersIn(pod, after, CONTAINERS);
      for (const container of containers) {
        // Where there is no layout, events can be published without a container of their own.
        if (container !== publishContainer(pod)) {
          await this.inspectOne(container);
        }
      }
      if (containers.length < CONTAINERS) {
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
      await this.hooks.containerGone(container);
    }
  }

  /**
   * The pod that an account would have named so, set up when this returns.
   *
   * @param name - The name, as it is in the URL of the pod; one that would be changed to be part of a URL names none.
   *
   * @returns The base URL of the pod; `undefined` if there is none.
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
    const known = this.webIds.get(text);
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
    this.webIds.set(text, pod);
    return { pod };
  }

  public async isOwner(pod: string, webId: string): Promise<boolean> {
    return this.includes(await this.ownersOf(pod) ?? [], webId);
  }

  /** Whether one of several WebIDs, as accounts have them, is the same as another in canonical form. */
  private includes(webIds: readonly string[], webId: string): boolean {
    const canonical = this.urls.tryCanonical(webId) ?? webId;
    return webIds.some((each): boolean => each === webId || this.urls.tryCanonical(each) === canonical);
  }

  private async setUp(pod: string): Promise<boolean> {
    const owners = await this.ownersOf(pod);
    if (owners ? !await this.resourceStore.hasResource({ path: pod }) : !await this.isStorage(pod)) {
      return false;
    }
    await this.hooks.settingUp(pod);
    await this.layout.apply(pod, owners ?? []);
    const found = await this.podStore.findByBaseUrl(pod);
    const record = { identity: found?.id ?? '', isLaid: this.layout.enabled };
    try {
      await this.store.registerPod(pod);
      await this.lifecycle.setRecord(pod, record);
      await this.inspect(pod, record);
      this.logger.info(`Set up the pod ${pod}`);
    } catch (error: unknown) {
      // It is noted at a later use; until then the pod can be read.
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
      this.logger.warn(`That the pod ${pod} is set up could not be stored: ${error.message}`);
      return true;
    }
    this.verified.set(pod, true);
    return true;
  }

  /** The WebIDs of the owners, if the pod was made by an account. */
  private async ownersOf(pod: string): Promise<string[] | undefined> {
    const found = await this.podStore.findByBaseUrl(pod);
    const owners = found && await this.podStore.getOwners(found.id);
    return owners?.map(({ webId }): string => webId);
  }

  /** A pod that no account owns is known by its type; its owner's profile has to lie in it. */
  private async isStorage(pod: string): Promise<boolean> {
    try {
      const { metadata, data } = await this.resourceStore.getRepresentation({ path: pod }, {});
      data.destroy();
      return metadata.getAll(RDF.terms.type).some(({ value }): boolean => value === PIM.Storage);
    } catch (error: unknown) {
      // Files have shorter names than URLs have segments.
      if (NotFoundHttpError.isInstance(error) || (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') {
        return false;
      }
      throw error;
    }
  }

  private async belongsTo(pod: string, webId: string, document: string): Promise<boolean> {
    const owners = await this.ownersOf(pod);
    return owners ? this.includes(owners, webId) : exists(this.resourceStore, document);
  }
}

/** Whether the base URL of a pod has a name as its last segment, or its subdomain. */
function isNamed(pod: string, name: string): boolean {
  const url = parseUrl(pod);
  if (name === '' || !url) {
    return false;
  }
  const { hostname, pathname } = url;
  return pathname.split('/').at(-2) === name || hostname.split('.')[0] === name;
}
