import { Parser } from 'n3';
import { withInbox } from '../../../src/pod/profileInbox';

const POD = 'http://localhost/user/';
const URL = `${POD}profile/card`;
const ME = `${URL}#me`;
const INBOX = `${POD}inbox/`;
const LDP_INBOX = 'http://www.w3.org/ns/ldp#inbox';
const add = (text: string, type = 'text/turtle', webId = ME): string | undefined => withInbox(text, type, URL, webId, POD, INBOX);
const inboxIn = (text: string): string[] => new Parser({ baseIRI: URL }).parse(text)
  .filter(({ predicate }): boolean => predicate.value === LDP_INBOX)
  .map(({ subject, object }): string => `${subject.value} ${object.value}`);

describe('The inbox in a profile', (): void => {
  it.each([
    '',
    '<#me> a <urn:x:Person>.',
    '# A comment at the end',
    '@prefix : <#>. :me <urn:x:knows> [ <urn:x:name> "a" ], ( 1 2 "c"@en ).\n',
    '@base <http://elsewhere/>. <a> <b> <c>.',
    '@prefix ldp: <urn:other#>. <#me> ldp:inbox <#other>.',
    `<#other> <${LDP_INBOX}> <other/>.`,
  ])('is added to %j, which stays as it is.', (text): void => {
    const changed = add(text)!;
    expect(changed.startsWith(text)).toBe(true);
    expect(inboxIn(changed)).toContain(`${ME} ${INBOX}`);
    expect(add(changed)).toBeUndefined();
  });

  it('is added as a relative URL where that can be.', (): void => {
    expect(add('')).toContain('<#me> <http://www.w3.org/ns/ldp#inbox> <../inbox/>.');
    expect(add('@base <http://elsewhere/>.')).toContain(`<${ME}>`);
    expect(add('', 'application/n-triples')).toContain(`<${ME}>`);
    expect(add('', 'text/turtle', `${POD}profile/card`)).toContain(`<${URL}>`);
  });

  it.each([ `<#me> <${LDP_INBOX}> <elsewhere/>.`, `<${ME}> <${LDP_INBOX}> _:a.` ])('is not added to %j.', (text): void => {
    expect(add(text)).toBeUndefined();
  });

  it.each([
    [ '<#me> a <urn:x:Person>', 'text/turtle' ],
    [ '<#me> a "open', 'text/turtle' ],
    [ '{}', 'application/ld+json' ],
    [ '<html/>', 'text/html' ],
  ])('is not added to %j of type %s, which cannot be extended.', (text, type): void => {
    expect((): unknown => add(text, type)).toThrow(Error);
    expect((): unknown => withInbox(text, undefined, URL, ME, POD, INBOX)).toThrow('without a media type');
  });
});
