import type { Credentials } from '@solid/community-server';
import {
  ACL,
  AcpReader,
  BasicRepresentation,
  IdentifierSetMultiMap,
  INTERNAL_QUADS,
  NotFoundHttpError,
  SingleRootIdentifierStrategy,
  SuffixAuxiliaryIdentifierStrategy,
  guardedStreamFrom,
  AccessMode,
} from '@solid/community-server';
import { Parser } from 'n3';
import { PartialCredentialsAcpReader } from '../../../src/pod/PartialCredentialsAcpReader';

const BASE = 'http://localhost/';
const TARGET = `${BASE}user/publish/`;
const ME = 'https://me.example/#me';
const [ ISSUER, CLIENT ] = [ 'https://issuer.example/', 'https://app.example/id' ];

describe('Permissions by ACP', (): void => {
  let acrs: Map<string, string>;
  let failure: Error | undefined;
  let reads: string[];
  const strategy = new SuffixAuxiliaryIdentifierStrategy('.acr') as any;
  const store = {
    getRepresentation: async({ path }: { path: string }): Promise<unknown> => {
      reads.push(path);
      if (failure) {
        throw failure;
      }
      const text = acrs.get(path);
      if (text === undefined) {
        throw new NotFoundHttpError();
      }
      return new BasicRepresentation(guardedStreamFrom(new Parser({ baseIRI: path }).parse(text)), { path }, INTERNAL_QUADS, false);
    },
  } as any;
  const identifiers = new SingleRootIdentifierStrategy(BASE);
  const cautious = new PartialCredentialsAcpReader(strategy, store, identifiers);
  const plain = new AcpReader(strategy, store, identifiers);
  const ask = async(reader: AcpReader, credentials: Credentials, path = TARGET): Promise<string> => {
    const requestedModes = new IdentifierSetMultiMap<AccessMode>([[{ path }, AccessMode.read ]]);
    const found = (await reader.handle({ credentials, requestedModes })).get({ path })!;
    return Object.entries(found).filter(([ , value ]): boolean => value).map(([ name ]): string => name).sort().join(' ');
  };
  const agent = { agent: { webId: ME }};
  const acr = (path: string, policies: string, field = 'accessControl'): unknown => acrs.set(`${path}.acr`, `
    @prefix acl: <${ACL.namespace}>. @prefix acp: <http://www.w3.org/ns/solid/acp#>.
    <#r> a acp:AccessControlResource; acp:resource <${path}>; acp:${field} [ acp:apply ${policies} ].`);
  const ALLOW = `[ acp:allow acl:Read, acl:Append; acp:anyOf [ acp:agent <${ME}> ] ]`;

  beforeEach((): void => {
    acrs = new Map();
    reads = [];
    failure = undefined;
  });

  it.each([
    ALLOW,
    `[ acp:allow acl:Write, acl:Control; acp:allOf [ acp:agent acp:AuthenticatedAgent ] ]`,
    `[ acp:allow acl:Read; acp:anyOf [ acp:agent acp:PublicAgent; acp:client acp:PublicClient ] ]`,
    `${ALLOW}, [ acp:deny acl:Append; acp:anyOf [ acp:agent <${ME}> ] ]`,
    `${ALLOW}, [ acp:deny acl:Append; acp:anyOf [ acp:agent <https://other.example/> ] ]`,
    `${ALLOW}, [ acp:deny acl:Append; acp:noneOf [ acp:agent <https://other.example/> ] ]`,
    `[ acp:allow acl:Read; acp:anyOf [ acp:issuer <${ISSUER}> ] ]`,
    `[ acp:allow acl:Read; acp:anyOf [ acp:client <${CLIENT}>; acp:agent <${ME}> ] ]`,
    `[ acp:allow acl:Read; acp:anyOf [] ]`,
    `[ acp:allow acl:Read; acp:anyOf [ acp:vc <urn:vc> ] ]`,
    `[ acp:allow <urn:x:Mode>; acp:anyOf [ acp:agent acp:PublicAgent ] ]`,
  ])('are those of the server where nothing is denied to a client or issuer: %s', async(policies): Promise<void> => {
    acr(TARGET, policies);
    expect(await ask(cautious, agent)).toBe(await ask(plain, agent));
  });

  it.each([
    `[ acp:deny acl:Append; acp:anyOf [ acp:issuer <${ISSUER}> ] ]`,
    `[ acp:deny acl:Append; acp:allOf [ acp:client <${CLIENT}>; acp:agent <${ME}> ] ]`,
    `[ acp:deny acl:Append; acp:allOf [ acp:agent <${ME}> ], [ acp:issuer <${ISSUER}> ]; acp:anyOf [ acp:client <${CLIENT}> ] ]`,
    `[ acp:deny acl:Append; acp:anyOf [ acp:agent <${ME}> ]; acp:noneOf [ acp:client <${CLIENT}> ] ]`,
  ])('deny where some client or issuer would be denied: %s', async(deny): Promise<void> => {
    acr(TARGET, `${ALLOW}, ${deny}`);
    expect(await ask(cautious, agent)).toBe('read');
  });

  it.each([
    `[ acp:allow acl:Append; acp:anyOf [ acp:agent <${ME}> ]; acp:noneOf [ acp:issuer <${ISSUER}> ] ]`,
    `[ acp:allow acl:Append; acp:anyOf [ acp:agent <${ME}>; acp:issuer <${ISSUER}> ] ]`,
  ])('allow only where every client and issuer would be allowed: %s', async(policies): Promise<void> => {
    acr(TARGET, policies);
    expect(await ask(cautious, agent)).toBe('');
  });

  it('do not depend on an agent that the denial does not name.', async(): Promise<void> => {
    acr(TARGET, `${ALLOW}, [ acp:deny acl:Append; acp:anyOf [ acp:agent <https://other.example/>; acp:issuer <${ISSUER}> ] ]`);
    expect(await ask(cautious, agent)).toBe('append read');
  });

  it('are those of the server for who has an access token, and for the public.', async(): Promise<void> => {
    acr(TARGET, `${ALLOW}, [ acp:deny acl:Append; acp:anyOf [ acp:client <${CLIENT}> ] ]`);
    expect(await ask(cautious, { ...agent, issuer: { url: ISSUER }})).toBe('append read');
    expect(await ask(cautious, { ...agent, issuer: { url: ISSUER }, client: { clientId: CLIENT }})).toBe('read');
    expect(await ask(cautious, { ...agent, client: { clientId: 'https://other.example/id' }})).toBe('append read');
    expect(await ask(cautious, {})).toBe('');
  });

  it('come from the containers of a resource, which are read once, as well.', async(): Promise<void> => {
    acr(BASE, ALLOW, 'memberAccessControl');
    acr(`${BASE}user/`, `[ acp:deny acl:Append; acp:anyOf [ acp:issuer <${ISSUER}> ] ]`, 'memberAccessControl');
    expect(await ask(cautious, agent)).toBe('read');
    expect(reads.sort()).toEqual([ BASE, `${BASE}user/`, TARGET ].map((path): string => `${path}.acr`));
    const both = new IdentifierSetMultiMap<AccessMode>([ TARGET, `${TARGET}a` ].map((path) => [{ path }, AccessMode.read ]));
    reads = [];
    await cautious.handle({ credentials: agent, requestedModes: both });
    expect(reads).toHaveLength(4);
  });

  it('are not given where they cannot be read.', async(): Promise<void> => {
    failure = new Error('disk');
    await expect(ask(cautious, agent)).rejects.toThrow('disk');
  });
});
