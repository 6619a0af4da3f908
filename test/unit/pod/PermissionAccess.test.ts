import type { PermissionReader } from '@solid/community-server';
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

  it('is not known where the reader fails.', async(): Promise<void> => {
    const reader = access((): never => { throw new Error('broken ACL'); });
    await expect(reader.allowed({}, [ 'http://a/' ], 'read')).rejects.toThrow('broken ACL');
  });
});
