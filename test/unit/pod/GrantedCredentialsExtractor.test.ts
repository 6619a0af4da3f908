import type { HttpRequest } from '@solid/community-server';
import { GrantedCredentialsExtractor } from '../../../src/pod/GrantedCredentialsExtractor';
import { currentTopicView, endTopicView, withTopicView } from '../../../src/pod/topicView';

const ME = 'http://localhost/alice/profile/card#me';

describe('An extractor of granted credentials', (): void => {
  const requestOf = (): HttpRequest => ({ headers: { 'x-api-key': 'spe_x', authorization: 'Bearer spe_x' }, url: '/alice/inbox/' } as any);

  it('returns those of the request they were granted to, and of no other.', async(): Promise<void> => {
    const extractor = new GrantedCredentialsExtractor();
    const [ request, other ] = [ requestOf(), requestOf() ];
    extractor.grant(request, ME);
    expect(await extractor.handleSafe(request)).toEqual({ agent: { webId: ME }});
    await expect(extractor.handleSafe(other)).rejects.toThrow('no granted credentials');
    await expect(extractor.handleSafe({ ...request } as unknown as HttpRequest)).rejects.toThrow('no granted credentials');
    await expect(new GrantedCredentialsExtractor().handleSafe(request)).rejects.toThrow('no granted credentials');
  });
});

describe('A topic view', (): void => {
  const view = { container: 'http://localhost/alice/inbox/', shows: (): boolean => true };

  it('is that of the request, until it ends.', async(): Promise<void> => {
    const seen = async(): Promise<unknown> => {
      await new Promise((resolve): unknown => setImmediate(resolve));
      return currentTopicView();
    };
    expect(await seen()).toBeUndefined();
    const results = await Promise.all([ withTopicView(view, seen), withTopicView(undefined, seen), seen() ]);
    expect(results).toEqual([ view, undefined, undefined ]);
    await withTopicView(view, async(): Promise<void> => {
      const inner = async(): Promise<void> => endTopicView();
      expect(await seen()).toBe(view);
      await inner();
      expect(await seen()).toBeUndefined();
    });
    endTopicView();
    expect(currentTopicView()).toBeUndefined();
  });
});
