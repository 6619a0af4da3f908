import { createContainerAt, getContainedResourceUrlAll, getSolidDataset } from '@inrupt/solid-client';
import { AccessConflict } from './AccessConflict';
import type { AccessDocument, Entry, Mode } from './AccessDocument';
import { loadAccess, saveAccess } from './AccessDocument';
import { acpEntries, acpGrant, acpRevoke } from './acp';
import type { RequestOptions } from './request';
import { assertPod, request, throwingFetch } from './request';
import { RequestFailed } from './RequestFailed';
import { topicOf, topicUrl } from './topics';
import { copyInherited, saysTheSame, wacEntries, wacGrant, wacRevoke } from './wac';

/**
 * What a grant gives, or a revocation takes.
 */
export interface TopicAccess {
  /** To publish to the pod on the topic: `acl:Append`. */
  readonly publish?: boolean;
  /** To follow the topic of the pod, and receive its events: `acl:Read`. */
  readonly subscribe?: boolean;
}

/**
 * Who may publish or follow a topic of a pod, by the access control of its resource.
 */
export interface Grant {
  /** The topic; `realestate` stands for `realestate/*` too. Absent where the URL does not tell it. */
  readonly topic?: string;
  /** The URL of the resource whose access control says so. */
  readonly resource: string;
  /** A WebID, `public` (everybody), `authenticated` (who is logged in), or the URL of a group. */
  readonly agent: string;
  readonly publish: boolean;
  readonly subscribe: boolean;
}

/** How often a change is tried again that somebody else's has overtaken. */
const ATTEMPTS = 5;

/**
 * Lets an agent publish to a pod on a topic, follow it, or both.
 * Who may do so already keeps it, and nobody loses anything.
 *
 * The access is given on the topic's resource below `{pod}topics/`, which is made if it is missing; that of a container
 * (a topic without `#action`, `…/*`, `*`) holds for everything below it, ACLs that are there included.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param topic - `realestate/contact#add`, `realestate/contact` (all its actions), `realestate/*` (all below) or `*`.
 * @param agent - A WebID, `public` (everybody) or `authenticated` (who is logged in).
 * @param access - What to give; what is not true stays as it is.
 * @param options - `fetch` makes the requests, as somebody with `acl:Control`: the owner.
 *
 * @throws {@link RequestFailed} if the server refuses; {@link AccessConflict} if nobody would control the topic.
 *
 * @see https://solidproject.org/TR/wac#authorization-rule
 * @see https://solid.github.io/authorization-panel/acp-specification/#access-control
 */
export async function grant(
  pod: string,
  topic: string,
  agent: string,
  access: TopicAccess,
  options: RequestOptions = {},
): Promise<void> {
  const modes = modesOf(access);
  const resource = await resourceOf(pod, topic, agent);
  await create(resource, options);
  await change(resource, options, async(document): Promise<boolean> => {
    const inherited = document.exists ? undefined : await effective(pod, parentOf(resource), options);
    if ((inherited ?? document).isAcp) {
      return modes.map((mode): boolean => acpGrant(document, agent, mode)).includes(true);
    }
    if (inherited) {
      if (modes.every((mode): boolean => hasMode(wacEntries(inherited), agent, mode))) {
        return false;
      }
      copyInherited(document, inherited);
    }
    return modes.map((mode): boolean => wacGrant(document, agent, mode)).includes(true);
  });
  // Under WAC an ACL further down keeps out what is given above it; under ACP everything above counts.
  await changeAll(below(resource, options), options, async(document): Promise<boolean> => !document.isAcp &&
    modes.map((mode): boolean => wacGrant(document, agent, mode)).includes(true));
}

/**
 * Takes from an agent what it may do with a topic of a pod, there and in everything below.
 *
 * Only what names the agent is taken: it may still be let in as one of the public, of a group or of who is logged in.
 * What others have stays, and so does an owner's control.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param topic - As for {@link grant}.
 * @param agent - A WebID, `public` or `authenticated`.
 * @param access - What to take; both, unless it says otherwise.
 * @param options - `fetch` makes the requests, as somebody with `acl:Control`: the owner.
 *
 * @throws {@link AccessConflict} if the agent is an owner, has the access from a container above, where it has to be
 * revoked, or by a policy that says more; {@link RequestFailed} if the server refuses.
 *
 * @see https://solidproject.org/TR/wac#authorization-rule
 * @see https://solid.github.io/authorization-panel/acp-specification/#access-control
 */
export async function revoke(
  pod: string,
  topic: string,
  agent: string,
  access: TopicAccess = { publish: true, subscribe: true },
  options: RequestOptions = {},
): Promise<void> {
  const modes = modesOf(access);
  const resource = await resourceOf(pod, topic, agent);
  await changeAll(walk(resource, options), options, async(document): Promise<boolean> => modes
    .map((mode): boolean => document.isAcp ? acpRevoke(document, agent, mode) : wacRevoke(document, agent, mode))
    .includes(true));
  await inheritAgain(pod, resource, options);
  const above = await inheritedFrom(pod, resource, agent, modes, options);
  if (above !== undefined) {
    throw new AccessConflict(resource, `${agent} still has access to ${resource} by the access control of ${above}: ` +
      `revoke it for the topic "${topicOf(pod, above) ?? above}"`);
  }
}

/**
 * Who may publish and follow which topics of a pod: one entry for each agent and each resource at and below
 * `{pod}topics/` with access control of its own. Who has `acl:Control`, as the owner has, is left out.
 *
 * Resources that do not exist are not found, even if somebody has written access control for them.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param options - `fetch` makes the requests, as somebody with `acl:Control`: the owner.
 *
 * @throws {@link RequestFailed} if the server refuses.
 *
 * @see https://www.w3.org/TR/ldp/#ldpc-container
 */
export async function grants(pod: string, options: RequestOptions = {}): Promise<Grant[]> {
  const found: Grant[] = [];
  const controllers = new Set<string>();
  for await (const document of walk(`${assertPod(pod)}topics/`, options)) {
    const entries = entriesOf(document);
    for (const { resource, agent } of document.isAcp ? controlling(entries, document) : []) {
      controllers.add(`${agent} ${resource}`);
    }
    for (const agent of new Set(entries.map((entry): string => entry.agent))) {
      const [ publish, subscribe ] = ([ 'Append', 'Read' ] as const)
        .map((mode): boolean => document.scopes.some((scope): boolean => hasMode(entries, agent, mode, scope)));
      const controls = entries.some((entry): boolean => entry.agent === agent && entry.modes.has('Control')) ||
        ancestors(pod, document.resource).some((url): boolean => controllers.has(`${agent} ${url}`));
      if ((publish || subscribe) && !controls) {
        const topic = topicOf(pod, document.resource);
        found.push({ ...topic !== undefined && { topic }, resource: document.resource, agent, publish, subscribe });
      }
    }
  }
  return found;
}

function modesOf({ publish, subscribe }: TopicAccess): Mode[] {
  const modes: Mode[] = [ ...publish ? [ 'Append' ] as const : [], ...subscribe ? [ 'Read' ] as const : [] ];
  if (modes.length === 0) {
    throw new TypeError('Nothing is said to be granted or revoked: publish, subscribe, or both');
  }
  return modes;
}

async function resourceOf(pod: string, topic: string, agent: string): Promise<string> {
  if (![ 'public', 'authenticated' ].includes(agent) && !(/^https?:\/\/[^\s<>"{}|\\^`]+$/u.test(agent) && URL.canParse(agent))) {
    throw new TypeError(`Invalid agent "${agent}": it is a WebID, "public" or "authenticated"`);
  }
  return topicUrl(assertPod(pod), topic);
}

/** Makes what is missing; what is there stays as it is. */
async function create(resource: string, options: RequestOptions): Promise<void> {
  if ((await request(resource, { method: 'HEAD', accepted: [ 404 ]}, options)).status !== 404) {
    return;
  }
  if (resource.endsWith('/')) {
    const creating = createContainerAt(resource, { fetch: throwingFetch(options, [ 409, 412 ]) });
    await creating.catch(async(error: unknown): Promise<void> => {
      if (error instanceof RequestFailed) {
        throw error;
      }
      // Somebody else may have made it just now.
      await request(resource, { method: 'HEAD' }, options);
    });
  } else {
    const headers = { 'content-type': 'text/turtle', 'if-none-match': '*' };
    await request(resource, { method: 'PUT', headers, body: '', accepted: [ 412 ]}, options);
  }
}

/**
 * Deletes an ACL that says no more than what would be inherited without it, so that later changes above hold again.
 *
 * @see https://solidproject.org/TR/wac#effective-acl-resource
 */
async function inheritAgain(pod: string, resource: string, options: RequestOptions): Promise<void> {
  for await (const document of walk(resource, options)) {
    const { exists, isAcp, url, etag } = document;
    if (exists && !isAcp && document.resource !== `${pod}topics/`) {
      const inherited = await effective(pod, parentOf(document.resource), options);
      if (saysTheSame(document, inherited)) {
        const headers: Record<string, string> = etag === undefined ? {} : { 'if-match': etag };
        await request(url, { method: 'DELETE', headers, accepted: [ 404, 412 ]}, options);
      }
    }
  }
}

/** Changes the access control of each resource that has its own. */
async function changeAll(
  documents: AsyncIterable<AccessDocument>,
  options: RequestOptions,
  apply: (document: AccessDocument) => Promise<boolean>,
): Promise<void> {
  for await (const { resource, exists } of documents) {
    if (exists) {
      await change(resource, options, apply);
    }
  }
}

/** Reads, changes and saves access control, again if somebody else's change came first. */
async function change(
  resource: string,
  options: RequestOptions,
  apply: (document: AccessDocument) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const document = await loadAccess(resource, options);
    if (!document || !await apply(document)) {
      return;
    }
    try {
      await saveAccess(document, options);
      return;
    } catch (error: unknown) {
      if (!(error instanceof RequestFailed && error.status === 412 && attempt < ATTEMPTS)) {
        throw error;
      }
    }
  }
}

/** The access control that holds for a resource: its own, or that of the nearest container in the pod that has any. */
async function effective(pod: string, resource: string, options: RequestOptions): Promise<AccessDocument> {
  for (let url = resource; url.startsWith(pod); url = parentOf(url)) {
    const document = await loadAccess(url, options);
    if (document?.exists) {
      return document;
    }
  }
  throw new AccessConflict(resource, `There is no access control in ${pod}, so it is not known who owns it. ` +
    'Give the pod access control first.');
}

/** The container above from which an agent has one of the modes on a resource, if there is one. */
async function inheritedFrom(
  pod: string,
  resource: string,
  agent: string,
  modes: readonly Mode[],
  options: RequestOptions,
): Promise<string | undefined> {
  for (let url = resource; url.startsWith(pod); url = parentOf(url)) {
    const document = await loadAccess(url, options);
    if (document?.exists) {
      if (url !== resource && modes.some((mode): boolean => hasMode(entriesOf(document), agent, mode, 'below'))) {
        return url;
      }
      // Under WAC the nearest ACL is the only one that counts; under ACP all that are above do.
      if (!document.isAcp) {
        return;
      }
    }
  }
}

function entriesOf(document: AccessDocument): Entry[] {
  return document.isAcp ? acpEntries(document) : wacEntries(document);
}

function hasMode(entries: readonly Entry[], agent: string, mode: Mode, scope: Entry['scope'] = 'below'): boolean {
  return entries.some((entry): boolean => entry.agent === agent && entry.scope === scope &&
    (entry.modes.has(mode) || (mode === 'Append' && entry.modes.has('Write'))));
}

/** Who controls everything below a resource. */
function controlling(entries: readonly Entry[], { resource }: AccessDocument): { agent: string; resource: string }[] {
  return entries.filter(({ scope, modes }): boolean => scope === 'below' && modes.has('Control'))
    .map(({ agent }): { agent: string; resource: string } => ({ agent, resource }));
}

/** The containers of a resource, up to `topics/`. */
function ancestors(pod: string, resource: string): string[] {
  const urls: string[] = [];
  for (let url = parentOf(resource); url.length > pod.length; url = parentOf(url)) {
    urls.push(url);
  }
  return urls;
}

function parentOf(url: string): string {
  return url.replace(/[^/]*\/?$/u, '');
}

/** A resource and all below it that exist, with the access control that each has of its own. */
async function* walk(resource: string, options: RequestOptions): AsyncGenerator<AccessDocument> {
  const document = await loadAccess(resource, options);
  if (!document) {
    return;
  }
  yield document;
  yield* below(resource, options);
}

async function* below(resource: string, options: RequestOptions): AsyncGenerator<AccessDocument> {
  if (resource.endsWith('/')) {
    const listing = await getSolidDataset(resource, { fetch: throwingFetch(options) });
    for (const url of getContainedResourceUrlAll(listing)) {
      if (url.startsWith(resource)) {
        yield* walk(url, options);
      }
    }
  }
}
