import fc from 'fast-check';
import { parseJson } from '../../../src/event/json';

describe('JSON from outside', (): void => {
  it('is parsed as the language does.', (): void => {
    fc.assert(fc.property(fc.json({ noUnicodeString: false }), (text): void => {
      fc.pre(!text.includes('__proto__') && text.isWellFormed() && !/\\u[dD][89a-fA-F]/u.test(text));
      expect(parseJson(text).value).toEqual(JSON.parse(text));
    }));
  });

  it('keeps the text of data in an object.', (): void => {
    expect(parseJson('{ "data" : {"a": [1.0, -0, 1e400]} , "b": {"data": 2}}').data)
      .toEqual(new Map([[ 0, '{"a": [1.0, -0, 1e400]}' ]]));
    expect(parseJson('{"data":12345678901234567890}').data.get(0)).toBe('12345678901234567890');
    expect(parseJson('{"d\\u0061ta":"x"}').data.get(0)).toBe('"x"');
    expect(parseJson('{"a":"data"}').data.size).toBe(0);
  });

  it('keeps the text of data in each object of an array.', (): void => {
    expect(parseJson('[{"data":1},{"x":[{"data":9}]}, {"data" : [ {"data":3} ]},[{"data":4}],"data"]').data)
      .toEqual(new Map([[ 0, '1' ], [ 2, '[ {"data":3} ]' ]]));
  });

  it.each([
    [ '', 'No request body was sent' ],
    [ ' \n', 'No request body was sent' ],
    [ '{"a":', 'not valid JSON' ],
    [ '{a:1}', 'not valid JSON' ],
    [ '{"a":1}//', 'not valid JSON' ],
    [ '{"a":1,"b":{"c":1,"\\u0063":2}}', 'the key "c" twice' ],
    [ '{"x":{"__proto__":1}}', '__proto__' ],
    [ '{"x":"\\uD800"}', 'unpaired surrogate' ],
    [ '{"\\uDC00":1}', 'unpaired surrogate' ],
    [ `{"data":${'['.repeat(65)}${']'.repeat(65)}}`, 'more than 64 levels' ],
    [ `[{"data":${'{"a":'.repeat(64)}[]${'}'.repeat(64)}}]`, 'more than 64 levels' ],
    [ '['.repeat(200_000), 'not valid JSON' ],
    [ `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'more than 64 levels' ],
  ])('is refused where it is %j.', (text, message): void => {
    expect((): unknown => parseJson(text)).toThrow(message);
  });

  it('may be nested to the limit.', (): void => {
    const nested = `${'['.repeat(64)}${']'.repeat(64)}`;
    expect(parseJson(`{"data":${nested}}`).data.get(0)).toBe(nested);
    expect(parseJson(`[{"data":${nested}}]`).data.get(0)).toBe(nested);
  });

  it('may have the same key in different objects.', (): void => {
    expect(parseJson('[{"a":1},{"a":{"a":2}}]').value).toEqual([{ a: 1 }, { a: { a: 2 }}]);
  });
});
