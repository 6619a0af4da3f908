import type { ResourceSet } from '@solid/community-server';
import { exists } from '../../../src/pod/exists';

describe('Whether a resource exists', (): void => {
  const failing = (code: string): ResourceSet => ({
    hasResource: async(): Promise<never> => { throw Object.assign(new Error(code), { code }); },
  });

  it('is what the backend says, and no where it cannot have such a name.', async(): Promise<void> => {
    expect(await exists({ hasResource: async({ path }): Promise<boolean> => path === 'a' }, 'a')).toBe(true);
    expect(await exists(failing('ENAMETOOLONG'), 'a')).toBe(false);
    expect(await exists({ hasResource: async(): Promise<never> => { throw new URIError('malformed'); } }, 'a')).toBe(false);
    await expect(exists(failing('EIO'), 'a')).rejects.toThrow('EIO');
  });
});
