import { createContainerAt, getContainedResourceUrlAll, getSolidDataset } from '@inrupt/solid-client';
import { AccessConflict } from './AccessConflict';
import type { AccessDocument, AccessEntry, Mode, Scope } from './AccessDocument';
import { loadAccess, saveAccess } from './AccessDocument';
import { acpEntries, acpGrant, acpRevoke } from './acp';
import type { RequestOptions } from './request';
import { assertPod, request, throwingFetch } from './request';
import { RequestFailed } from './RequestFailed';
import { topicOf, topicUrl } from './topics';
import { copyInherited, isRedundantAcl, wacEntries, wacGrant, wacRevoke } from './wac';

/**
 * The permissions that a grant gives or a revocation removes.
 */
export interface TopicAccess {
  /** Permission to publish to the pod on the topic: `acl:Append`. */
  readonly publish?: boolean;
  /** Permission to subscribe to the topic of the pod and to receive its events: `acl:Read`. */
  readonly subscribe?: boolean;
}

/**
 * The permissions of one agent on one topic of a pod, read from the access control of the topic's resource.
 */
export interface Grant {
  /** The topic; `realestate` also covers `realestate/*`. Absent if it cannot be derived from the URL. */
  readonly topic?: string;
  /** URL of the resource whose access control gives the permissions. */
  readonly resource: string;
  /** WebID, `public` (everybody), `authenticated` (all authenticated agents), or the URL of a group. */
  readonly agent: string;
  readonly publish: boolean;
  readonly subscribe: boolean;
}

/** Maximum number of attempts to save a change that conflicts with concurrent changes. */
const MAX_ATTEMPTS = 5;

/**
 * Grants an agent permission to publish to a topic of a pod, to subscribe to it, or both.
 * Existing permissions of all agents are kept.
 *
 * The grant applies to the topic's resource below `{pod}topics/`, which is created if it is missing. The grant on a
 * container (a topic without `#action`, `…/*`, `*`) covers everything below it, including existing ACLs.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param topic - `realestate/contact#add`, `realestate/contact` (all its actions), `realestate/*` (all below) or `*`.
 * @param agent - WebID, `public` (everybody) or `authenticated` (all authenticated agents).
 * @param access - Permissions to grant. Members that are not `true` leave the permission unchanged.
 * @param options - `fetch` sends the requests as an agent with `acl:Control`, such as the owner.
 *
 * @throws {@link RequestFailed} if the server refuses; {@link AccessConflict} if no agent would control the topic.
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
  await createIfMissing(resource, options);
  await change(resource, options, async(document): Promise<boolean> => {
    const inherited = document.exists ? undefined : await effectiveAccess(pod, parentOf(resource), options);
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
  // In WAC an ACL further down overrides grants above it; in ACP all documents above apply.
  const documents = accessDocumentsBelow(resource, options);
  await changeAll(documents, options, async(document): Promise<boolean> => !document.isAcp &&
    modes.map((mode): boolean => wacGrant(document, agent, mode)).includes(true));
}

/**
 * Revokes an agent's permissions on a topic of a pod and on everything below it.
 *
 * Only rules that name the agent are changed: it may keep access as a member of the public, of a group, or of all
 * authenticated agents. Permissions of other agents and the control of owners are kept.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param topic - As for {@link grant}.
 * @param agent - WebID, `public` or `authenticated`.
 * @param access - Permissions to revoke. Default: both.
 * @param options - `fetch` sends the requests as an agent with `acl:Control`, such as the owner.
 *
 * @throws {@link AccessConflict} if the agent is an owner, inherits the permission from a container above (revoke it
 * there), or has it by a policy with further conditions; {@link RequestFailed} if the server refuses.
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
  await changeAll(accessDocuments(resource, options), options, async(document): Promise<boolean> => modes
    .map((mode): boolean => document.isAcp ? acpRevoke(document, agent, mode) : wacRevoke(document, agent, mode))
    .includes(true));
  await deleteRedundantAcls(pod, resource, options);
  const above = await inheritedFrom(pod, resource, agent, modes, options);
  if (above !== undefined) {
    throw new AccessConflict(resource, `${agent} still has access to ${resource} by the access control of ${above}: ` +
      `revoke it for the topic "${topicOf(pod, above) ?? above}"`);
  }
}

/**
 * Lists the permissions on the topics of a pod.
 *
 * Returns one entry for each agent and each resource at and below `{pod}topics/` with access control of its own.
 * Agents with `acl:Control`, such as the owner, are omitted, and so is access control of resources that do not exist.
 *
 * @param pod - The base URL of the pod, ending in `/`.
 * @param options - `fetch` sends the requests as an agent with `acl:Control`, such as the owner.
 *
 * @throws {@link RequestFailed} if the server refuses.
 *
 * @see https://www.w3.org/TR/ldp/#ldpc-container
 */
export async function grants(pod: string, options: RequestOptions = {}): Promise<Grant[]> {
  const found: Grant[] = [];
  const controllers = new Set<string>();
  for await (const document of accessDocuments(`${assertPod(pod)}topics/`, options)) {
    const entries = entriesOf(document);
    for (const { resource, agent } of document.isAcp ? controllersBelow(entries, document) : []) {
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
    throw new TypeError('Missing permission: set publish, subscribe, or both');
  }
  return modes;
}

async function resourceOf(pod: string, topic: string, agent: string): Promise<string> {
  if (![ 'public', 'authenticated' ].includes(agent) && !(/^https?:\/\/[^\s<>"{}|\\^`]+$/u.test(agent) && URL.canParse(agent))) {
    throw new TypeError(`Invalid agent "${agent}": expected a WebID, "public" or "authenticated"`);
  }
  return topicUrl(assertPod(pod), topic);
}

/** Creates a resource if it does not exist. */
async function createIfMissing(resource: string, options: RequestOptions): Promise<void> {
  if ((await request(resource, { method: 'HEAD', accepted: [ 404 ]}, options)).status !== 404) {
    return;
  }
  if (resource.endsWith('/')) {
    const creating = createContainerAt(resource, { fetch: throwingFetch(options, [ 409, 412 ]) });
    await creating.catch(async(error: unknown): Promise<void> => {
      if (error instanceof RequestFailed) {
        throw error;
      }
      // Another client may have created it concurrently.
      await request(resource, { method: 'HEAD' }, options);
    });
  } else {
    const headers = { 'content-type': 'text/turtle', 'if-none-match': '*' };
    await request(resource, { method: 'PUT', headers, body: '', accepted: [ 412 ]}, options);
  }
}

/**
 * Deletes each ACL at and below a resource that equals the inherited one, so that later changes above apply again.
 *
 * @see https://solidproject.org/TR/wac#effective-acl-resource
 */
async function deleteRedundantAcls(pod: string, resource: string, options: RequestOptions): Promise<void> {
  for await (const document of accessDocuments(resource, options)) {
    const { exists, isAcp, url, etag } = document;
    if (exists && !isAcp && document.resource !== `${pod}topics/`) {
      const inherited = await effectiveAccess(pod, parentOf(document.resource), options);
      if (isRedundantAcl(document, inherited)) {
        const headers: Record<string, string> = etag === undefined ? {} : { 'if-match': etag };
        await request(url, { method: 'DELETE', headers, accepted: [ 404, 412 ]}, options);
      }
    }
  }
}

/** Changes the access control of each resource that has a document of its own. */
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

/** Reads, changes and saves access control; repeats this after a concurrent change. */
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
      if (!(error instanceof RequestFailed && error.status === 412 && attempt < MAX_ATTEMPTS)) {
        throw error;
      }
    }
  }
}

/** Returns the effective access control: that of the resource, or of the nearest container in the pod that has one. */
async function effectiveAccess(pod: string, resource: string, options: RequestOptions): Promise<AccessDocument> {
  for (let url = resource; url.startsWith(pod); url = parentOf(url)) {
    const document = await loadAccess(url, options);
    if (document?.exists) {
      return document;
    }
  }
  throw new AccessConflict(resource, `${pod} has no access control document, so its owner is unknown. ` +
    'Add an ACL or ACR to the pod first.');
}

/** Finds the container above a resource that gives an agent one of the modes. */
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
      // In WAC only the nearest ACL applies; in ACP all documents above apply.
      if (!document.isAcp) {
        return;
      }
    }
  }
}

function entriesOf(document: AccessDocument): AccessEntry[] {
  return document.isAcp ? acpEntries(document) : wacEntries(document);
}

function hasMode(entries: readonly AccessEntry[], agent: string, mode: Mode, scope: Scope = 'below'): boolean {
  return entries.some((entry): boolean => entry.agent === agent && entry.scope === scope &&
    (entry.modes.has(mode) || (mode === 'Append' && entry.modes.has('Write'))));
}

/** Finds the agents with `acl:Control` on everything below a resource. */
function controllersBelow(
  entries: readonly AccessEntry[],
  { resource }: AccessDocument,
): { agent: string; resource: string }[] {
  return entries.filter(({ scope, modes }): boolean => scope === 'below' && modes.has('Control'))
    .map(({ agent }): { agent: string; resource: string } => ({ agent, resource }));
}

/** Returns the containers above a resource, up to `topics/`. */
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

/** Reads the access control documents of a resource and of all existing resources below it. */
async function* accessDocuments(resource: string, options: RequestOptions): AsyncGenerator<AccessDocument> {
  const document = await loadAccess(resource, options);
  if (!document) {
    return;
  }
  yield document;
  yield* accessDocumentsBelow(resource, options);
}

async function* accessDocumentsBelow(resource: string, options: RequestOptions): AsyncGenerator<AccessDocument> {
  if (resource.endsWith('/')) {
    const listing = await getSolidDataset(resource, { fetch: throwingFetch(options) });
    for (const url of getContainedResourceUrlAll(listing)) {
      if (url.startsWith(resource)) {
        yield* accessDocuments(url, options);
      }
    }
  }
}
