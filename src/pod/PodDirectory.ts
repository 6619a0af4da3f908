import TTLCache from '@isaacs/ttlcache';
import type { IdentifierGenerator, PodStore, ResourceStore, StorageLocationStrategy } from '@solid/community-server';
import { NotFoundHttpError, PIM, RDF } from '@solid/community-server';
import { parseUrl } from '../event/url';
import type { Locator, PodOwners } from '../publish/ports';
import type { EventStore } from '../store/EventStore';
import type { ServerUrls } from '../url/ServerUrls';
import type { PodLayout } from './PodLayout';

/** How long it is remembered which pod a WebID has, in milliseconds. */
const WEBID_MAX_AGE = 60_000;
/** How long it is remembered that there is no pod of an account, and in which pod a URL lies, in milliseconds. */
const MISSING_MAX_AGE = 1_000;
/** How many WebIDs are remembered. */
const MOST_WEBIDS = 10_000;

/**
 * Knows the pods of this server, and sets each up at its first use.
 */
export class PodDirectory implements Locator, PodOwners {
  private readonly urls: ServerUrls;
  private readonly storageStrategy: StorageLocationStrategy;
  private readonly identifierGenerator: IdentifierGenerator;
  private readonly podStore: PodStore;
  private readonly resourceStore: ResourceStore;
  private readonly layout: PodLayout;
  private readonly store: EventStore;
  private readonly webIds = new TTLCache<string, string>({ max: MOST_WEBIDS, ttl: WEBID_MAX_AGE, checkAgeOnGet: true });
  private readonly located = new TTLCache<string, string>({
    max: MOST_WEBIDS, ttl: MISSING_MAX_AGE, checkAgeOnGet: true,
  });
  private readonly ofAccounts = new TTLCache<string, boolean>({ max: MOST_WEBIDS, checkAgeOnGet: true });
  private readonly beingSetUp = new Map<string, Promise<boolean>>();
  private readonly ready = new Set<string>();

  /**
   * @param urls - Canonical form of URLs of this server.
   * @param storageStrategy - Tells in which storage a URL lies, by its form.
   * @param identifierGenerator - Tells which pod a URL would lie in, as pods of accounts are named.
   * @param podStore - Knows the pods that were made by accounts, and their owners.
   * @param resourceStore - Knows the pods that were made otherwise.
   * @param layout - Sets a pod up.
   * @param store - Remembers which pods have been set up.
   */
  public constructor(
    urls: ServerUrls,
    storageStrategy: StorageLocationStrategy,
    identifierGenerator: IdentifierGenerator,
    podStore: PodStore,
    resourceStore: ResourceStore,
    layout: PodLayout,
    store: EventStore,
  ) {
    this.urls = urls;
    this.storageStrategy = storageStrategy;
    this.identifierGenerator = identifierGenerator;
    this.podStore = podStore;
    this.resourceStore = resourceStore;
    this.layout = layout;
    this.store = store;
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
    // A pod that was set up stays so.
    if (this.ready.has(pod) || await this.store.hasPod(pod)) {
      this.ready.add(pod);
      return true;
    }
    let setUp = this.beingSetUp.get(pod);
    if (!setUp) {
      setUp = this.setUp(pod).finally((): unknown => this.beingSetUp.delete(pod));
      this.beingSetUp.set(pod, setUp);
    }
    return setUp;
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
    return this.urls.isHere(url);
  }

  public async podOf(text: string): ReturnType<PodOwners['podOf']> {
    const known = this.webIds.get(text);
    if (known) {
      return { pod: known };
    }
    const webId = this.urls.find(text);
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
    const canonical = this.urls.find(webId) ?? webId;
    return webIds.some((each): boolean => each === webId || this.urls.find(each) === canonical);
  }

  private async setUp(pod: string): Promise<boolean> {
    const owners = await this.ownersOf(pod);
    if (!owners && !await this.isStorage(pod)) {
      return false;
    }
    await this.layout.apply(pod, owners ?? []);
    await this.store.registerPod(pod);
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
    return owners ? this.includes(owners, webId) : this.resourceStore.hasResource({ path: document });
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
