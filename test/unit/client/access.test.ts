import { Parser, Store } from 'n3';
import type { Mode } from '../../../src/client/AccessDocument';
import { AccessDocument } from '../../../src/client/AccessDocument';
import { AccessConflict, grant, revoke } from '../../../src/client';
import { acpEntries, acpGrant, acpRevoke } from '../../../src/client/acp';
import { copyInherited, isRedundantAcl, wacEntries, wacGrant, wacRevoke } from '../../../src/client/wac';

const POD = 'http://localhost:3000/user/';
const TOPICS = `${POD}topics/`;
const PREFIXES = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix acp: <http://www.w3.org/ns/solid/acp#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>. `;
const [ alice, bob, owner ] = [ 'alice', 'bob', 'owner' ].map((name): string => `https://${name}.example/#me`);

function document(text: string, resource = TOPICS, extension = '.acl'): AccessDocument {
  const url = resource + extension;
  return new AccessDocument(resource, url, new Store(new Parser({ baseIRI: url }).parse(PREFIXES + text)), undefined, text !== '');
}
const briefly = (entries: ReturnType<typeof wacEntries>): string[] => [ ...new Set(entries
  .map(({ agent, modes, scope }): string => `${agent.replace(/^https:\/\/|\.example.*$/gu, '')} ${[ ...modes ].sort().join('+')} ${scope}`)) ].sort();
const OWNER = `<#owner> a acl:Authorization; acl:agent <${owner}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control. `;
const OWNS = [ 'owner Control+Read+Write below', 'owner Control+Read+Write self' ];

describe('In an ACL', (): void => {
  it('a grant joins one that is there, and goes again without a trace.', (): void => {
    const acl = document(OWNER);
    const before = acl.store.size;
    expect(wacGrant(acl, alice, 'Append')).toBe(true);
    const withAlice = acl.store.size;
    expect(wacGrant(acl, bob, 'Append')).toBe(true);
    expect(acl.store.size).toBe(withAlice + 1);
    expect(wacGrant(acl, bob, 'Append')).toBe(false);
    expect(briefly(wacEntries(acl))).toEqual([ 'alice Append below', 'alice Append self', 'bob Append below', 'bob Append self', ...OWNS ]);
    expect(wacRevoke(acl, alice, 'Append')).toBe(true);
    expect(wacRevoke(acl, alice, 'Append')).toBe(false);
    expect(wacRevoke(acl, bob, 'Append')).toBe(true);
    expect(acl.store.size).toBe(before);
  });

  it('a grant leaves alone what is not as it would be.', (): void => {
    const acl = document(`${OWNER}
      <#publishers> a acl:Authorization; acl:agent <${alice}>; acl:accessTo <./>; acl:mode acl:Append.
      <#class> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read.`);
    wacGrant(acl, alice, 'Append');
    wacGrant(acl, bob, 'Read');
    expect(briefly(wacEntries(acl))).toEqual([
      'alice Append below', 'alice Append self', 'bob Read below', 'bob Read self', ...OWNS, 'public Read below', 'public Read self',
    ]);
  });

  it('who may write may publish already, and loses that when publishing is revoked.', (): void => {
    const acl = document(`${OWNER}[] a acl:Authorization; acl:agent <${alice}>, <${bob}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write.`);
    expect(wacGrant(acl, alice, 'Append')).toBe(false);
    expect(wacRevoke(acl, alice, 'Append')).toBe(true);
    expect(briefly(wacEntries(acl))).toEqual([ 'alice Read below', 'alice Read self', 'bob Read+Write below', 'bob Read+Write self', ...OWNS ]);
  });

  it('what is inherited is copied before anything is added, blank nodes too.', (): void => {
    const from = document(`[] a acl:Authorization; acl:agent <${owner}>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control.
      [] a acl:Authorization; acl:agentGroup <https://group.example/#g>; acl:default <./>; acl:mode acl:Read.
      <#here> a acl:Authorization; acl:agent <${bob}>; acl:accessTo <./>; acl:mode acl:Read.`);
    const resource = document('', `${TOPICS}a/add`);
    copyInherited(resource, from);
    expect(briefly(wacEntries(resource))).toEqual([ 'group Read self', OWNS[1] ]);
    expect(isRedundantAcl(resource, from)).toBe(true);
    wacGrant(resource, alice, 'Read');
    expect(isRedundantAcl(resource, from)).toBe(false);
    const container = document('', `${TOPICS}a/`);
    copyInherited(container, from);
    expect(briefly(wacEntries(container))).toEqual([ 'group Read below', 'group Read self', ...OWNS ]);
  });

  it('nobody loses control, and none is written without it.', (): void => {
    expect((): unknown => wacRevoke(document(OWNER), owner, 'Read')).toThrow(AccessConflict);
    const without = document(`<#a> a acl:Authorization; acl:agent <${alice}>; acl:default <./>, <./>; acl:mode acl:Read.`);
    expect((): unknown => copyInherited(document('', `${TOPICS}a/`), without)).toThrow('No agent would have acl:Control');
  });
});

describe('In an ACR', (): void => {
  const root = (more = ''): string => `<#root> a acp:AccessControlResource; acp:resource <./>; acp:accessControl <#o>; acp:memberAccessControl <#o>.
    <#o> a acp:AccessControl; acp:apply [ a acp:Policy; acp:allow acl:Read, acl:Write, acl:Control; acp:anyOf [ a acp:Matcher; acp:agent <${owner}> ] ]. ${more}`;
  const acr = (text: string): AccessDocument => document(text, TOPICS, '.acr');

  it('a grant joins one that is there, and goes again without a trace.', (): void => {
    const document = acr(root());
    const before = document.store.size;
    for (const agent of [ alice, bob ]) {
      expect(acpGrant(document, agent, 'Read')).toBe(true);
      expect(acpGrant(document, agent, 'Read')).toBe(false);
    }
    expect(briefly(acpEntries(document))).toEqual([ 'alice Read below', 'alice Read self', 'bob Read below', 'bob Read self', ...OWNS ]);
    expect(acpRevoke(document, alice, 'Read')).toBe(true);
    expect(briefly(acpEntries(document))).toEqual([ 'bob Read below', 'bob Read self', ...OWNS ]);
    expect(acpRevoke(document, bob, 'Read')).toBe(true);
    expect(acpRevoke(document, bob, 'Read')).toBe(false);
    expect(document.store.size).toBe(before);
  });

  it('a grant is made in an empty one.', (): void => {
    const document = acr('');
    acpGrant(document, 'public', 'Append');
    acpGrant(document, 'authenticated', 'Append');
    expect(document.isAcp).toBe(true);
    expect(briefly(acpEntries(document))).toEqual([ 'authenticated Append below', 'authenticated Append self', 'public Append below', 'public Append self' ]);
  });

  it.each([
    [ 'a client too', '<#m> a acp:Matcher; acp:agent <https://alice.example/#me>; acp:client <https://app.example/>.', 'acl:Append', 'acp:anyOf <#m>' ],
    [ 'several modes', '<#m> a acp:Matcher; acp:agent <https://alice.example/#me>.', 'acl:Append, acl:Read', 'acp:anyOf <#m>' ],
    [ 'all of', '<#m> a acp:Matcher; acp:agent <https://alice.example/#me>.', 'acl:Append', 'acp:allOf <#m>' ],
    [ 'a matcher of others', '<#m> a acp:Matcher; acp:agent <https://alice.example/#me>. <#q> a acp:Policy; acp:anyOf <#m>.', 'acl:Append', 'acp:anyOf <#m>' ],
  ])('a policy that says more is left alone: %s.', (_name, matcher, allow, use): void => {
    const document = acr(root(`<#root> acp:accessControl <#x>. <#x> a acp:AccessControl; acp:apply <#p>. <#p> a acp:Policy; acp:allow ${allow}; ${use}. ${matcher}`));
    const before = document.store.size;
    expect((): unknown => acpRevoke(document, alice, 'Append')).toThrow('by a policy with further conditions');
    expect(document.store.size).toBe(before);
  });

  it('nobody loses control.', (): void => {
    for (const mode of [ 'Append', 'Read' ] as Mode[]) {
      expect((): unknown => acpRevoke(acr(root()), owner, mode)).toThrow('acl:Control');
    }
  });
});

describe('Access to a topic', (): void => {
  it('is only given to an agent, and only if something is given.', async(): Promise<void> => {
    await expect(grant(POD, 'a', 'alice', { publish: true })).rejects.toThrow('Invalid agent "alice"');
    await expect(grant(POD, 'a', alice, {})).rejects.toThrow('Missing permission');
    await expect(revoke(POD, '', alice)).rejects.toThrow('Invalid topic ""');
  });

  it('is not changed where no access control is to be found.', async(): Promise<void> => {
    const bare: typeof fetch = async(input, init): Promise<Response> => {
      const acl = (input as string).endsWith('.acl');
      const response = new Response(null, { status: acl ? 404 : 200, headers: { link: `<${(input as string)}.acl>; rel="acl"` }});
      expect([ 'GET', 'HEAD' ]).toContain(init?.method);
      return Object.defineProperty(response, 'url', { value: (input) });
    };
    await expect(grant(POD, 'a', alice, { publish: true }, { fetch: bare })).rejects.toThrow('has no access control document');
    const hidden: typeof fetch = async(input): Promise<Response> => Object.defineProperty(new Response(null), 'url', { value: (input) });
    await expect(grant(POD, 'a', alice, { publish: true }, { fetch: hidden })).rejects.toThrow('does not link to its access control document');
  });
});
