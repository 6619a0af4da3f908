import type { IdentifierStrategy, PermissionReader } from '@solid/community-server';
import { ForbiddenHttpError, IdentifierMap } from '@solid/community-server';
import { PermissionAccess } from '../../../src/pod/PermissionAccess';

describe('Access by the permission reader', (): void => {
  const access = (handleSafe: () => unknown): PermissionAccess =>
    new PermissionAccess({ handleSafe: async(): Promise<unknown> => handleSafe() } as unknown as PermissionReader);

  it('is what the reader allows, and nothing else.', async(): Promise<void> => {
    const reader = access((): unknown => new IdentifierMap([
      [{ path: 'http://a/' }, { append: true, control: true }],
      [{ path: 'http://b/' }, { append: false }],
      [{ path: 'http://c/' }, {}],
    ]));
    const resources = [ 'http://a/', 'http://b/', 'http://c/', 'http://d/' ];
    expect(await reader.allowed({}, resources, 'append')).toEqual(new Set([ 'http://a/' ]));
    expect(await reader.allowed({ agent: 'http://me/' }, resources, 'read')).toEqual(new Set());
    expect(await reader.allowed({ agent: 'http://me/' }, resources, 'control')).toEqual(new Set([ 'http://a/' ]));
  });

  it('is none where there is no access control.', async(): Promise<void> => {
    const reader = access((): never => { throw new ForbiddenHttpError('No ACL document found for root container'); });
    expect(await reader.allowed({}, [ 'http://a/' ], 'read')).toEqual(new Set());
  });

  it('is not known, rather than refused, for what is not on this server.', async(): Promise<void> => {
    const handleSafe = jest.fn(async(): Promise<unknown> => new IdentifierMap());
    const strategy = { supportsIdentifier: ({ path }: { path: string }): boolean => path.startsWith('http://a/') };
    const reader = new PermissionAccess({ handleSafe } as unknown as PermissionReader, strategy as IdentifierStrategy);
    await expect(reader.allowed({}, [ 'http://a/x', 'http://b/x' ], 'read')).rejects.toThrow('http://b/x cannot be decided');
    expect(handleSafe).not.toHaveBeenCalled();
    expect(await reader.allowed({}, [ 'http://a/x' ], 'read')).toEqual(new Set());
  });

  it('is not known where the reader fails.', async(): Promise<void> => {
    const reader = access((): never => { throw new Error('broken ACL'); });
    await expect(reader.allowed({}, [ 'http://a/' ], 'read')).rejects.toThrow('broken ACL');
  });
});
