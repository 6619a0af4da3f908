import type { TestAgent } from './accounts';

const PREFIXES = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix acp: <http://www.w3.org/ns/solid/acp#>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>.
`;

/**
 * Gives agents modes on a container or resource, and beside its owner.
 * An agent is a WebID, `public`, `authenticated`, or, where there are groups, `group:` and the group's URL.
 */
export type Grant = (owner: TestAgent, resource: string, modes: Record<string, string[]>) => Promise<void>;

/** Gives them on it and all below, by its ACL. */
export const grant: Grant = async(owner, resource, modes): Promise<void> => {
  const agents = Object.entries(modes).map(([ agent, granted ], index): string => `
<#agent${index}> a acl:Authorization; ${wacSubject(agent)}; acl:accessTo <${resource}>; acl:default <${resource}>;
  acl:mode ${list(granted)}.`);
  await put(owner, `${resource}.acl`, `<#owner> a acl:Authorization; acl:agent <${owner.webId}>;
  acl:accessTo <${resource}>; acl:default <${resource}>; acl:mode acl:Read, acl:Write, acl:Control.${agents.join('')}`);
};

/** Gives them on it and all below, by its ACR. */
export const grantByAcp: Grant = async(owner, resource, modes): Promise<void> => {
  const all: [string, string[]][] = [[ owner.webId, [ 'Read', 'Write', 'Control' ]], ...Object.entries(modes) ];
  const controls = all.map(([ agent, granted ], index): string => `
<#control${index}> a acp:AccessControl; acp:apply [ a acp:Policy; acp:allow ${list(granted)};
  acp:anyOf [ a acp:Matcher; ${acpMatcher(agent)} ] ].`);
  const names = all.map((_, index): string => `<#control${index}>`).join(', ');
  await put(owner, `${resource}.acr`, `<#root> a acp:AccessControlResource; acp:resource <${resource}>;
  acp:accessControl ${names}; acp:memberAccessControl ${names}.${controls.join('')}`);
};

function list(modes: readonly string[]): string {
  return modes.map((mode): string => `acl:${mode}`).join(', ');
}

function wacSubject(agent: string): string {
  if (agent.startsWith('group:')) {
    return `acl:agentGroup <${agent.slice('group:'.length)}>`;
  }
  const classes: Record<string, string> = { public: 'foaf:Agent', authenticated: 'acl:AuthenticatedAgent' };
  return classes[agent] ? `acl:agentClass ${classes[agent]}` : `acl:agent <${agent}>`;
}

/** `issuer:` and an identity provider, behind a WebID and a blank, asks for both. */
function acpMatcher(agent: string): string {
  const classes: Record<string, string> = { public: 'acp:PublicAgent', authenticated: 'acp:AuthenticatedAgent' };
  const [ webId, issuer ] = agent.split(' issuer:');
  return `acp:agent ${classes[webId] ?? `<${webId}>`}${issuer ? `; acp:issuer <${issuer}>` : ''}`;
}

async function put(owner: TestAgent, url: string, turtle: string): Promise<void> {
  const response = await owner.fetch(url, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: PREFIXES + turtle });
  if (!response.ok) {
    throw new Error(`PUT ${url}: ${response.status} ${await response.text()}`);
  }
}
