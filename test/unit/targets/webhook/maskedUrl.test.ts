import { maskedUrl } from '../../../../src/targets/webhook/maskedUrl';

const SECRET = 'hunter2-hunter2';

describe('A masked URL', (): void => {
  it('shows neither query nor user.', (): void => {
    expect(maskedUrl('https://hooks.example/a/b')).toBe('https://hooks.example/a/b');
    expect(maskedUrl(`https://user:${SECRET}@hooks.example/a?b=${SECRET}`)).toBe('https://hooks.example/a?****');
  });
});
