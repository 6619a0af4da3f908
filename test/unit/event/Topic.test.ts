import fc from 'fast-check';
import { encodeSegment, isTopic, parseTopic, topicPath } from '../../../src/event/Topic';
import { runs } from '../../util/effort';

const pathOf = (name: string): string => topicPath(parseTopic(name));

describe('A topic', (): void => {
  it.each([ 'realestate/contact#add', 'event', 'a', 'a/b/c/d#e', 'a#b#c', '日本/語', ' ', 'x'.repeat(1_024), '..', 'a//b' ])(
    'can be %j.',
    (name): void => expect(isTopic(name)).toBe(true),
  );

  it.each([ '', 'a\u0000b', 'a\nb', 'a\u007Fb', 'a\u0085b', '\uD800', 'x'.repeat(1_025), 'é'.repeat(513), 'a/'.repeat(16) ])(
    'cannot be %j.',
    (name): void => expect(isTopic(name)).toBe(false),
  );

  it('has segments and an action.', (): void => {
    expect(parseTopic('realestate/contact#add')).toEqual({
      name: 'realestate/contact#add', segments: [ 'realestate', 'contact' ], action: 'add',
    });
    expect(parseTopic('event')).toEqual({ name: 'event', segments: [ 'event' ]});
    expect(parseTopic('a#b#c/d')).toMatchObject({ segments: [ 'a' ], action: 'b#c/d' });
    expect(parseTopic('a#')).toMatchObject({ segments: [ 'a' ], action: '' });
  });

  it.each([
    [ 'realestate/contact#add', 'topics/realestate/contact/add' ],
    [ 'realestate/contact', 'topics/realestate/contact/' ],
    [ 'example.com/contact#add', 'topics/example.com/contact/add' ],
    [ '..', 'topics/~2E~2E/' ],
    [ '../../inbox#x', 'topics/~2E~2E/~2E~2E/inbox/x' ],
    [ '%2e%2e/a', 'topics/%252e%252e/a/' ],
    [ 'a//b', 'topics/a/~/b/' ],
    [ '/a', 'topics/~/a/' ],
    [ 'a#../b', 'topics/a/~2E~2E~2Fb' ],
    [ 'a#b/c', 'topics/a/b~2Fc' ],
    [ 'a#', 'topics/a/~' ],
    [ 'a#.acl', 'topics/a/~2Eacl' ],
    [ 'a#b.acl', 'topics/a/b~2Eacl' ],
    [ 'a/b.meta', 'topics/a/b~2Emeta/' ],
    [ 'a#b.ACR', 'topics/a/b~2EACR' ],
    [ 'a#b$.txt', 'topics/a/b~24.txt' ],
    [ 'a#b\\..\\c', 'topics/a/b~5C..~5Cc' ],
    [ 'a#~', 'topics/a/~7E' ],
    [ 'a b?c=d', 'topics/a%20b%3Fc%3Dd/' ],
  ])('%j is decided at %s.', (name, path): void => expect(pathOf(name)).toBe(path));

  it('is decided at a resource of bounded length.', (): void => {
    const path = pathOf(`a#${'ü'.repeat(500)}`);
    expect(path).toMatch(/^topics\/a\/~~[0-9a-f]{64}$/u);
    expect(pathOf(`a#${'ü'.repeat(499)}`)).not.toBe(path);
  });

  it('never leaves topics/, and never shares its resource with another.', (): void => {
    const segment = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('.', '/', '%', '2', 'e', '~', '$', '\\', 'a', 'acl', '.acl', '#', 'E') }),
    );
    fc.assert(fc.property(segment, segment, (left, right): void => {
      const base = 'http://localhost/pod/topics/';
      const url = new URL(`${base}${encodeSegment(left)}`);
      expect(url.href).toBe(`${base}${encodeSegment(left)}`);
      expect(encodeSegment(left)).not.toContain('/');
      expect(encodeSegment(left)).not.toMatch(/^$|^\.|\.(?:acl|acr|meta)$|\$/u);
      expect(encodeSegment(left) === encodeSegment(right)).toBe(left === right);
    }), { numRuns: runs(2_000) });
  });
});
