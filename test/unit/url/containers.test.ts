import { containersOf } from '../../../src/url/containers';

describe('The containers of a resource', (): void => {
  it.each([
    [ 'https://a.example/b/c/d', [ 'https://a.example/', 'https://a.example/b/', 'https://a.example/b/c/' ]],
    [ 'https://a.example/b/', [ 'https://a.example/', 'https://a.example/b/' ]],
    [ 'https://a.example/', [ 'https://a.example/' ]],
    [ 'https://a.example', []],
  ])('are found by its URL alone: %s.', (url, expected): void => {
    expect(containersOf(url)).toEqual(expected);
  });

  it('begin with a root.', (): void => {
    const root = 'https://a.example/b/';
    expect(containersOf(`${root}c/d`, root)).toEqual([ root, `${root}c/` ]);
    expect(containersOf(`${root}c`, root)).toEqual([ root ]);
    expect(containersOf(root, root)).toEqual([ root ]);
  });
});
