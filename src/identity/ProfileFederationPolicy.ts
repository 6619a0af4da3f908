import type { FederationPolicy } from './FederationPolicy';
import type { Caller } from './Caller';
import type { Profiles } from './profiles/Profiles';
import { ProfileUnavailable } from './profiles/ProfileUnavailable';
import { AGENT_PATH } from './ServerAgent';

const AGENT = `${AGENT_PATH}#this`;

/**
 * A server may speak for those whose identity provider it is, and for those who say that the pod is theirs.
 *
 * By an access token it is known which server asks: its WebID is that of the server's own agent, and the server itself
 * is the identity provider that vouches for it. The form of a WebID alone proves nothing, for somebody may be able to
 * write a document there. In any case the pod has to lie on that server.
 */
export class ProfileFederationPolicy implements FederationPolicy {
  private readonly profiles: Profiles;

  /**
   * @param profiles - What publishers say of themselves.
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
      return `only a server, with a WebID that ends in /${AGENT} behind the URL of its identity provider, can bring the ` +
        'events of others; publish through publish/ instead';
    }
    if (!liesOn(pod, base)) {
      return `the pod ${pod} is not on ${base}`;
    }
    if (publisher === undefined) {
      return undefined;
    }
    try {
      const issuers = await this.profiles.issuersOf(publisher);
      if (issuers.some((issuer): boolean => trimmed(issuer) === trimmed(base))) {
        return undefined;
      }
      const storages = await this.profiles.storagesOf(publisher);
      return storages.includes(pod) ?
        undefined :
        `the profile of ${publisher} names neither ${base} as solid:oidcIssuer nor ${pod} as pim:storage`;
    } catch (error: unknown) {
      // What may be otherwise when it is tried again is no reason to refuse for good.
      if (error instanceof ProfileUnavailable && !isTransient(error)) {
        return error.message;
      }
      throw error;
    }
  }
}

/** The base URL of the server whose agent somebody is. */
function baseOf({ agent, issuer }: Caller): string | undefined {
  const base = agent?.endsWith(`/${AGENT}`) ? agent.slice(0, -AGENT.length) : undefined;
  return base !== undefined && issuer !== undefined && trimmed(issuer) === trimmed(base) ? base : undefined;
}

/** Whether a pod lies on a server: below its base URL, or below a subdomain of it. */
function liesOn(pod: string, base: string): boolean {
  if (pod.startsWith(base)) {
    return true;
  }
  const [ ofPod, ofBase ] = [ new URL(pod), new URL(base) ];
  return ofPod.protocol === ofBase.protocol && ofPod.port === ofBase.port && ofBase.pathname === '/' &&
    ofPod.hostname.endsWith(`.${ofBase.hostname}`);
}

/** All faults are, for one that was final would tell which addresses are of the network of this server. */
function isTransient({ fault, status = 0 }: ProfileUnavailable): boolean {
  return status >= 500 || status === 429 || fault !== undefined;
}

function trimmed(url: string): string {
  return url.replace(/\/$/u, '');
}
