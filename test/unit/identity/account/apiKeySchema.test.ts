import { API_KEY_SCHEMA } from '../../../../src/identity/account/apiKeySchema';

const GIVEN = { name: 'my app', webId: 'http://localhost/alice/profile/card#me' };

describe('What is said of a new API key', (): void => {
  it.each([
    [ 'a name and a WebID', {}, {}],
    [ 'space around texts', { name: ' a ', expires: ' 2999-01-01T00:00Z ' }, { name: 'a', expires: '2999-01-01T00:00Z' }],
    [ 'the longest name', { name: 'ä'.repeat(100) }, { name: 'ä'.repeat(100) }],
    [ 'empty fields of a form', { expires: '', pods: '', topics: ' \r\n,' }, { expires: undefined, pods: undefined, topics: undefined }],
    [ 'lines of a form', { pods: 'http://a/\r\n https://b/c/ ', topics: 'a, b#c\n*' }, { pods: [ 'http://a/', 'https://b/c/' ], topics: [ 'a', 'b#c', '*' ]}],
    [ 'lists', { pods: [ 'http://a/b,c/' ], topics: [ 'a, b' ]}, { pods: [ 'http://a/b,c/' ], topics: [ 'a, b' ]}],
    [ 'fractions of a second', { expires: '2999-12-31T23:59:59.9-01:00' }, { expires: '2999-12-31T23:59:59.9-01:00' }],
  ])('may be %s.', async(_, fields, expected): Promise<void> => {
    await expect(API_KEY_SCHEMA.validate({ ...GIVEN, ...fields })).resolves.toEqual({ ...GIVEN, ...expected });
  });

  it.each([
    [ 'an unknown field', { topic: 'a' }],
    [ 'a line separator in the name', { name: 'a\u2028b' }],
    [ 'a WebID that is a list', { webId: [ GIVEN.webId ]}],
    [ 'the present', { expires: new Date().toISOString() }],
    [ 'a day alone', { expires: '2999-01-01' }],
    [ 'the 31st of April', { expires: '2999-04-31T00:00:00Z' }],
    [ 'the 13th month', { expires: '2999-13-01T00:00:00Z' }],
    [ 'the 61st minute', { expires: '2999-01-01T00:61:00Z' }],
    [ 'a pod with a fragment', { pods: [ 'http://a/#/' ]}],
    [ 'a pod that is a number', { pods: [ 1 ]}],
    [ 'a topic that is an object', { topics: [{}]}],
    [ 'a control character in a topic', { topics: [ 'a\u0000' ]}],
  ])('may not be %s.', async(_, fields): Promise<void> => {
    await expect(API_KEY_SCHEMA.validate({ ...GIVEN, ...fields })).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
