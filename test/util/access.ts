import type { TestAgent } from './accounts';

/** Gives agents modes on a container or resource of a pod and all below, by its ACL, beside its owner. */
export async function grant(owner: TestAgent, resource: string, modes: Record<string, string[]>): Promise<void> {
  const agents = Object.entries(modes).map(([ webId, granted ], index): string => `
<#agent${index}> a acl:Authorization; ${subject(webId)}; acl:accessTo <${resource}>; acl:default <${resource}>;
  acl:mode ${granted.map((mode): string => `acl:${mode}`).join(', ')}.`);
  const body = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.
<#owner> a acl:Authorization; acl:agent <${owner.webId}>; acl:accessTo <${resource}>; acl:default <${resource}>;
  acl:mode acl:Read, acl:Write, acl:Control.${agents.join('')}`;
  const response = await owner.fetch(`${resource}.acl`, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body });
  if (!response.ok) {
    throw new Error(`PUT ${resource}.acl: ${response.status} ${await response.text()}`);
  }
}

function subject(webId: string): string {
  const classes: Record<string, string> = { public: 'foaf:Agent', authenticated: 'acl:AuthenticatedAgent' };
  return classes[webId] ? `acl:agentClass ${classes[webId]}` : `acl:agent <${webId}>`;
}
