import fc from 'fast-check';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { assertWellFormedJson } from '../../../src/event/wellFormedJson';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const token = fc.constantFrom(
  '{', '}', '[', ']', ',', ':', '"a"', '"', '""', '1', '-1.5e+10', '01', '1.', '.5', '-', '+1', '1e', 'true', 'false', 'null', 'nul', 'NaN',
  ' ', '\n', '\t', '\r', '\f', '\u00A0', '\uFEFF', '/*c*/', '//c\n', String.raw`"\u00e9"`, String.raw`"\u00g9"`, String.raw`"\x"`, String.raw`"\"`, '"\n"', '"\u0001"',
  '\'a\'', '{"a":1}', '[1,2]', '[]', '{}', '1 2', String.raw`"\ud800"`,
);

describe('Well-formed JSON', (): void => {
  it('is what JSON.parse takes, also where it is long.', async(): Promise<void> => {
    const text = fc.oneof(fc.json(), fc.array(token, { maxLength: 10 }).map((tokens): string => tokens.join('')));
    let valid = 0;
    await fc.assert(fc.asyncProperty(text, async(short): Promise<void> => {
      const long = `[{"x":"${'x'.repeat(40_000)}"},${short}]`;
      for (const candidate of [ short, long, `${long}${short}` ]) {
        const expected = isJson(candidate);
        valid += Number(expected);
        const checked = assertWellFormedJson(candidate).then((): boolean => true, (error: unknown): boolean => !(error instanceof InvalidInput));
        expect([ candidate.slice(40_000), await checked ]).toEqual([ candidate.slice(40_000), expected ]);
      }
    }), { numRuns: 1_000 });
    expect(valid).toBeGreaterThan(500);
  });

  it('may be nested as deep as it likes, and may not end early.', async(): Promise<void> => {
    const depth = 100_000;
    await assertWellFormedJson(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    await expect(assertWellFormedJson('['.repeat(depth))).rejects.toThrow('ends too early');
    await expect(assertWellFormedJson(`${'['.repeat(depth)}${']'.repeat(depth)}]`)).rejects.toThrow('unexpected token');
  });
});
