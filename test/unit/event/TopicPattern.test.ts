import { parseTopic } from '../../../src/event/Topic';
import { covers, isTopicPattern, patternPath, patternsOf } from '../../../src/event/TopicPattern';

describe('A topic pattern', (): void => {
  it.each([ 'realestate/contact#add', 'realestate/contact', 'realestate/*', '*', 'a/b/*', 'a', 'a#b/c' ])(
    'can be %j.',
    (pattern): void => expect(isTopicPattern(pattern)).toBe(true),
  );

  it.each([ '', 'a*', '*/a', 'a/*/b', 'a/*#b', 'a#*', '**', 'a/**', 'a\nb', 'x'.repeat(1_025) ])(
    'cannot be %j.',
    (pattern): void => expect(isTopicPattern(pattern)).toBe(false),
  );

  it('matches the topic, any of its actions, what is below, or all.', (): void => {
    expect(patternsOf(parseTopic('realestate/contact#add')))
      .toEqual([ 'realestate/contact#add', 'realestate/contact', 'realestate/*', '*' ]);
    expect(patternsOf(parseTopic('a/b/c#d'))).toEqual([ 'a/b/c#d', 'a/b/c', 'a/b/*', 'a/*', '*' ]);
    expect(patternsOf(parseTopic('event'))).toEqual([ 'event', '*' ]);
    expect(patternsOf(parseTopic('a/*'))).toEqual([ 'a/*', '*' ]);
  });

  it.each([
    [ '*', 'a/b#c' ], [ '*', '*' ], [ 'a/*', 'a/b' ], [ 'a/*', 'a/b/c#d' ], [ 'a/*', 'a/b/*' ], [ 'a/*', 'a/*' ],
    [ 'a/b', 'a/b#c' ], [ 'a/b', 'a/b' ], [ 'a/b#c', 'a/b#c' ],
  ])('%j covers %j.', (outer, inner): void => expect(covers(outer, inner)).toBe(true));

  it.each([
    [ 'a/*', '*' ], [ 'a/*', 'a' ], [ 'a/*', 'ab/c' ], [ 'a/b/*', 'a/*' ], [ 'a/b', 'a/bc' ], [ 'a/b', 'a/b/c' ],
    [ 'a/b#c', 'a/b' ], [ 'a/b#c', 'a/b#c#d' ], [ 'a/b#c', 'a/b#cd' ], [ 'a/b', '*' ],
  ])('%j does not cover %j.', (outer, inner): void => expect(covers(outer, inner)).toBe(false));

  it.each([
    [ 'realestate/contact#add', 'topics/realestate/contact/add' ],
    [ 'realestate/contact', 'topics/realestate/contact/' ],
    [ 'realestate/*', 'topics/realestate/' ],
    [ '*', 'topics/' ],
  ])('%j takes acl:Read on %s.', (pattern, path): void => expect(patternPath(pattern)).toBe(path));
});
