import { AgentGroupAccessChecker } from '@solid/community-server';
import { Parser, Store } from 'n3';
import { withQueriedResources } from '../../../src/pod/queriedResources';
import { TrackingGroupAccessChecker } from '../../../src/pod/TrackingGroupAccessChecker';
import type { EventStore } from '../../contract/stores';
import { ServerUrls } from '../../../src/url/ServerUrls';

describe('The watcher of groups', (): void => {
  let noted: string[];
  let watcher: TrackingGroupAccessChecker;
  const acl = new Store(new Parser().parse(`@prefix acl: <http://www.w3.org/ns/auth/acl#>.
    <http://x/#rule> acl:agentGroup <http://x/team#us>, <http://x/others#us>; acl:accessTo <http://server/>; acl:default <urn:x>.`));
  const [ rule ] = acl.getSubjects(null, null, null);
  const check = async(): Promise<boolean> => watcher.handle({ acl, rule, credentials: { agent: { webId: 'http://me/' }}});

  beforeEach((): void => {
    noted = [];
    jest.spyOn(AgentGroupAccessChecker.prototype, 'handle').mockResolvedValue(true);
    watcher = new TrackingGroupAccessChecker({ noteDependency: async(...note: string[]): Promise<unknown> => noted.push(note.join(' ')) } as unknown as EventStore, new ServerUrls('http://x/'));
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  it('notes each time what is asked about, whatever the rule says that it is about.', async(): Promise<void> => {
    expect(await withQueriedResources([ 'http://pod/topics/' ], check)).toBe(true);
    expect(await withQueriedResources([ 'http://pod/topics/' ], check)).toBe(true);
    const notes = [ 'http://x/team http://pod/topics/', 'http://x/others http://pod/topics/' ];
    // The store knows which are new: another process may have removed them.
    expect(noted).toEqual([ ...notes, ...notes ]);
  });

  it('notes nothing of requests that are not ours.', async(): Promise<void> => {
    expect(await check()).toBe(true);
    expect(noted).toEqual([]);
  });
});
