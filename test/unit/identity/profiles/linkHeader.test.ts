import { createContext, Script } from 'node:vm';
import { linkTargets } from '../../../../src/identity/profiles/linkHeader';

const REL = 'http://www.w3.org/ns/ldp#inbox';
const URL = 'https://bob.example/profile/card';

describe('A Link header', (): void => {
  it.each<[string, string[]]>([
    [ '', []],
    [ `<https://bob.example/inbox/>; rel="${REL}"`, [ 'https://bob.example/inbox/' ]],
    [ `<../inbox/>;rel="${REL}"`, [ 'https://bob.example/inbox/' ]],
    [ `<a>; rel=acl, <b>; title="x, <c>; rel=\\"${REL}\\""; rel="type ${REL}"`, [ 'https://bob.example/profile/b' ]],
    [ `<a> ; REL = ${REL}`, [ 'https://bob.example/profile/a' ]],
    [ `<a>; rel="${REL}", <b>; rel="${REL}"`, [ 'https://bob.example/profile/a', 'https://bob.example/profile/b' ]],
    [ `<a>; rel="next"; rel="${REL}"`, []],
    [ `<a>; rel="${REL}"; anchor="https://eve.example/"`, []],
    [ `<a>; rel="${REL}"; anchor="#me"`, []],
    [ `<a>; anchor=""; rel="${REL}"`, [ 'https://bob.example/profile/a' ]],
    [ `<http://[>; rel="${REL}"`, []],
    [ `<a; rel="${REL}"`, []],
    [ `<a>; rel="${REL}`, []],
    [ 'nonsense', []],
  ])('%p links to %j.', (header, targets): void => {
    expect(linkTargets(header, REL, URL)).toEqual(targets);
  });

  it.each([ '<', '<a>;', '<a>;a="', '<a>;a   ', '<>;a=b;', '<a>; rel="\\' ])('is read in linear time, even if it repeats %p.', (part): void => {
    // Takes a second; quadratic time would be an hour.
    const read = (): unknown => linkTargets(part.repeat(2 ** 20 / part.length), REL, URL);
    new Script('read()').runInContext(createContext({ read }), { timeout: 300_000 });
  });
});
