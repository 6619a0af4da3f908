import type { ResourceSet } from '@solid/community-server';
import { resourceExists } from '../../../src/pod/resourceExists';

describe('Whether a resource exists', (): void => {
  const failing = (code: string): ResourceSet => ({
    hasResource: async(): Promise<never> => { throw Object.assign(new Error(code), { code }); },
  });

  it('is what the backend says, and no where it cannot have such a name.', async(): Promise<void> => {
    expect(await resourceExists({ hasResource: async({ path }): Promise<boolean> => path === 'a' }, 'a')).toBe(true);
    expect(await resourceExists(failing('ENAMETOOLONG'), 'a')).toBe(false);
    expect(await resourceExists({ hasResource: async(): Promise<never> => { throw new URIError('malformed'); } }, 'a')).toBe(false);
    await expect(resourceExists(failing('EIO'), 'a')).rejects.toThrow('EIO');
  });
});
