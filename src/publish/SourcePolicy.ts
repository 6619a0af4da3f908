import { charge, COSTS } from '../access/costs';
import type { Access } from '../access/ports';
import { InvalidInput } from '../event/InvalidInput';
import type { Caller } from '../identity/Caller';
import type { FederationPolicy } from '../identity/FederationPolicy';
import type { ServerUrls } from '../url/ServerUrls';
import { parseUrl } from '../url/webUrl';
import type { ExistingPods } from './ports';

const SCHEME = /^[a-z][a-z0-9+.-]*:/iu;
const MAX_SHOWN = 200;

/** Place of a source: a URL of this server with its pod, or a URL of another server. */
type Place = { readonly url: string; readonly pod: string } | { readonly elsewhere: string };

/**
 * Decides which sources of CloudEvents a caller may name, so that no caller can speak for others.
 *
 * - A source at or below a pod of this server requires `acl:Write` on it, however it is spelled.
 * - Another URL of this server cannot be a source.
 * - An http(s) URL of another server requires that the caller's profile names this server as `solid:oidcIssuer`, or the
 *   URL is in its `pim:storage`, or the URL is the caller's WebID document.
 * - A relative reference is resolved against the base URL of this server, and refused like its URL if it is in a pod.
 * - Other URIs, such as URNs, are names without an owner.
 */
export class SourcePolicy {
  private readonly urls: ServerUrls;
  private readonly pods: ExistingPods;
  private readonly access: Access;
  private readonly speakers: FederationPolicy;

  /**
   * @param urls - Canonical form of URLs of this server.
   * @param pods - Finds the pods of URLs.
   * @param access - Decides access.
   * @param speakers - Decides which servers may speak for an agent.
   */
  public constructor(urls: ServerUrls, pods: ExistingPods, access: Access, speakers: FederationPolicy) {
    this.urls = urls;
    this.pods = pods;
    this.access = access;
    this.speakers = speakers;
  }

  /**
   * Returns the reason for refusing each refused source.
   *
   * @param caller - The caller.
   * @param sources - Valid URI references.
   */
  public async refusalsOf(caller: Caller, sources: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const refusals = new Map<string, string>();
    const local = new Map<string, string>();
    for (const source of sources) {
      try {
        const place = await this.placeOf(source);
        if (place && 'pod' in place) {
          local.set(source, place.url);
        } else if (place) {
          const reason = await this.speakers.sourceRefusal(caller.agent, place.elsewhere);
          if (reason !== undefined) {
            refusals.set(source, `Invalid source ${shown(source)}: ${reason}; use the URL of an own pod, or a URN`);
          }
        }
      } catch (error: unknown) {
        if (!(error instanceof InvalidInput)) {
          throw error;
        }
        refusals.set(source, error.message);
      }
    }
    if (local.size > 0) {
      const allowed = await this.access.allowed(caller, [ ...new Set(local.values()) ], 'write');
      for (const [ source, url ] of local) {
        if (!allowed.has(url)) {
          refusals.set(source, `Invalid source ${shown(source)}: it is in a pod, and requires acl:Write on ${url}; use the ` +
            'URL of an own pod, or a URN');
        }
      }
    }
    return refusals;
  }

  /**
   * Returns the place of a source; `undefined` if it has no owner.
   *
   * @throws {@link InvalidInput} for a URL that names this server in another way than by its base URL, and for a URL of
   *         this server outside of its pods.
   */
  private async placeOf(source: string): Promise<Place | undefined> {
    const isReference = !SCHEME.test(source);
    const url = parseUrl(source, this.urls.baseUrl);
    if (!url) {
      throw new InvalidInput(`Invalid source ${shown(source)}: it is not a valid URL`);
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return undefined;
    }
    [ url.hash, url.search ] = [ '', '' ];
    const canonical = this.urls.canonical(url.href, 'source');
    if (!this.urls.isLocal(canonical)) {
      return { elsewhere: canonical };
    }
    charge(COSTS.container);
    const pod = await this.pods.locate(canonical);
    const exists = pod !== undefined && await this.pods.exists(pod);
    if (exists) {
      return { url: canonical, pod };
    }
    if (isReference && !source.startsWith('//')) {
      return undefined;
    }
    throw new InvalidInput(`Invalid source ${shown(source)}: it is no URL in a pod of this server; use the URL of an own ` +
      'pod, or a URN');
  }
}

function shown(source: string): string {
  return source.length > MAX_SHOWN ? `${source.slice(0, MAX_SHOWN)}…` : source;
}
