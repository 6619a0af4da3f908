import type { FederationPolicy } from './FederationPolicy';
import type { Caller } from './Caller';
import type { Profiles } from './profiles/Profiles';
import { ProfileUnavailable } from './profiles/ProfileUnavailable';
import { AGENT_PATH } from './ServerAgent';
import { parseUrl } from '../url/webUrl';

/** An encoded separator, which some servers decode, so that dots around it lead out of a container. */
const SEPARATOR = /%(?:25)*(?:2f|5c)/iu;
const AGENT = `${AGENT_PATH}#this`;

/**
 * Accepts events from the server of the publisher's identity provider, and from the server of the publisher's storage.
 *
 * The publisher's profile names both. The access token identifies the server: its WebID is that of the server's own
 * agent, and its issuer is the server itself. The form of a WebID alone proves nothing, because users may be able to
 * write a document there. In all cases, the pod must be on that server.
 */
export class ProfileFederationPolicy implements FederationPolicy {
  private readonly profiles: Profiles;

  /**
   * @param profiles - Profiles of publishers.
   */
  public constructor(profiles: Profiles) {
    this.profiles = profiles;
  }

  public isServerAgent(caller: Caller): boolean {
    return baseOf(caller) !== undefined;
  }

  public async refusalReason(caller: Caller, publisher: string | undefined, pod: string): Promise<string | undefined> {
    const base = baseOf(caller);
    if (base === undefined) {
      return `only a server agent, with the WebID {issuer}/${AGENT}, can deliver events of other publishers; ` +
        'publish through publish/ instead';
    }
    if (!liesOn(pod, base)) {
      return `the pod ${pod} is not on ${base}`;
    }
    if (publisher === undefined) {
      return undefined;
    }
    return reasonOf(async(): Promise<string | undefined> => {
      const issuers = await this.profiles.issuersOf(publisher);
      if (issuers.some((issuer): boolean => trimmed(issuer) === trimmed(base))) {
        return undefined;
      }
      const storages = await this.profiles.storagesOf(publisher);
      return storages.includes(pod) ?
        undefined :
        `the profile of ${publisher} names neither ${base} as solid:oidcIssuer nor ${pod} as pim:storage`;
    });
  }

  public async sourceRefusal(agent: string | undefined, url: string): Promise<string | undefined> {
    if (agent === undefined) {
      return 'a URL of another server requires a credential of an agent for which that server may speak';
    }
    if (SEPARATOR.test(url)) {
      return 'servers disagree on its path';
    }
    const [ target, document ] = [ parseUrl(url)!, parseUrl(agent) ];
    if (document && `${document.origin}${document.pathname}` === `${target.origin}${target.pathname}`) {
      return undefined;
    }
    return reasonOf(async(): Promise<string | undefined> => {
      const issuers = await this.profiles.issuersOf(agent);
      const storages = await this.profiles.storagesOf(agent);
      const isOwn = issuers.flatMap(containerOf).some((issuer): boolean => liesOn(target.href, issuer)) ||
        storages.flatMap(containerOf).some((storage): boolean => target.href.startsWith(storage));
      return isOwn ?
        undefined :
        `the profile of ${agent} names neither its server as solid:oidcIssuer nor its storage as pim:storage`;
    });
  }
}

/** Returns the result of a check, or the message of a final error. A transient error is not a reason for a refusal. */
async function reasonOf(check: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await check();
  } catch (error: unknown) {
    if (error instanceof ProfileUnavailable && !isTransient(error)) {
      return error.message;
    }
    throw error;
  }
}

/** Returns a URL in normal form, with a slash at the end of its path; nothing for other texts. */
function containerOf(url: string): string[] {
  const parsed = parseUrl(url);
  return parsed ? [ `${parsed.origin}${parsed.pathname.replace(/\/*$/u, '/')}` ] : [];
}

/** Returns the base URL of the server whose agent the caller is. */
function baseOf({ agent, issuer }: Caller): string | undefined {
  const base = agent?.endsWith(`/${AGENT}`) ? agent.slice(0, -AGENT.length) : undefined;
  return base !== undefined && issuer !== undefined && trimmed(issuer) === trimmed(base) ? base : undefined;
}

/** Returns whether a pod is on a server: below its base URL, or below a subdomain of it. */
function liesOn(pod: string, base: string): boolean {
  if (pod.startsWith(base)) {
    return true;
  }
  const [ ofPod, ofBase ] = [ new URL(pod), new URL(base) ];
  return ofPod.protocol === ofBase.protocol && ofPod.port === ofBase.port && ofBase.pathname === '/' &&
    ofPod.hostname.endsWith(`.${ofBase.hostname}`);
}

/**
 * Returns whether an error may disappear. All faults count, because a final one would reveal addresses in this server's
 * network.
 */
function isTransient({ fault, status = 0 }: ProfileUnavailable): boolean {
  return status >= 500 || status === 429 || fault !== undefined;
}

function trimmed(url: string): string {
  return url.replace(/\/$/u, '');
}
