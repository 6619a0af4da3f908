import { BodySchemas } from '../../../src/catalogue/BodySchemas';
import { InvalidInput } from '../../../src/event/InvalidInput';

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema';

/** Whose check takes 2 to the power of 60 steps. */
const EXPONENTIAL = {
  definitions: Object.fromEntries(Array.from({ length: 60 }, (_, depth): [string, object] => {
    const next = { $ref: `#/definitions/d${depth + 1}` };
    return [ `d${depth}`, depth === 59 ? { type: 'string' } : { anyOf: [ next, next ]}];
  })),
  $ref: '#/definitions/d0',
};

describe('BodySchemas', (): void => {
  const schemas = new BodySchemas(2_000, 2_000);
  const faultOf = (schema: unknown, body: unknown): unknown => schemas.faultOf(JSON.stringify(schema), body);
  const refusal = (schema: unknown): string => {
    try {
      schemas.assertUsable(JSON.stringify(schema));
    } catch (error: unknown) {
      expect(error).toBeInstanceOf(InvalidInput);
      return (error as Error).message;
    }
    return 'none';
  };

  it('tells where a body breaks a schema, and how.', (): void => {
    const schema = { type: 'object', required: [ 'name' ], properties: { name: { type: 'string' }, tags: { items: { minLength: 2 }}}};
    expect(faultOf(schema, { name: 'Bruce', tags: [ 'ab' ]})).toBeUndefined();
    expect(faultOf(schema, { name: 7 })).toEqual({ path: '/name', message: 'must be string' });
    expect(faultOf(schema, { name: 'Bruce', tags: [ 'ab', 'c' ]})).toEqual({ path: '/tags/1', message: 'must NOT have fewer than 2 characters' });
    expect(faultOf(schema, {})).toEqual({ path: '', message: 'must have required property \'name\'' });
    expect(faultOf(schema, null)).toEqual({ path: '', message: 'must be object' });
    expect(faultOf(schema, { name: 'Bruce' })).toBeUndefined();
  });

  it('reads draft-07, and 2020-12 where the schema says so.', (): void => {
    const tuple = { prefixItems: [{ type: 'string' }], items: false };
    expect(faultOf({ $schema: DRAFT_2020, ...tuple }, [ 'a', 'b' ])).toMatchObject({ message: 'must NOT have more than 1 items' });
    expect(faultOf({ $schema: DRAFT_2020, ...tuple }, [ 7 ])).toMatchObject({ path: '/0' });
    expect(faultOf({ $schema: DRAFT_07, items: [{ type: 'string' }], additionalItems: false }, [ 'a', 'b' ])).toBeDefined();
    expect(faultOf(true, 7)).toBeUndefined();
    expect(faultOf(false, 7)).toBeDefined();
    expect(refusal({ $schema: 'http://json-schema.org/draft-04/schema#' })).toMatch(/draft-07.*2020-12/u);
    expect(refusal({ $schema: 7 })).toMatch(/draft-07/u);
  });

  it('follows references within a schema, also to itself, and fetches none.', (): void => {
    const tree = { type: 'object', properties: { child: { $ref: '#' }, name: { $ref: '#/definitions/name' }}, definitions: { name: { type: 'string' }}};
    expect(faultOf(tree, { child: { child: { name: 'a' }}})).toBeUndefined();
    expect(faultOf(tree, { child: { child: { name: 7 }}})).toEqual({ path: '/child/child/name', message: 'must be string' });
    expect(refusal({ $ref: 'http://127.0.0.1:9/schema.json' })).toMatch(/nothing is fetched/u);
    expect(refusal({ properties: { a: { $ref: '#/definitions/none' }}})).toMatch(/can refer only to what it contains/u);
  });

  it.each([
    [ { type: 'nothing' }, 'Invalid schema: /type must be' ],
    [ { properties: 7 }, 'Invalid schema: /properties must be object' ],
    [ { pattern: '(' }, 'Invalid schema: Invalid regular expression' ],
    [ { $async: true }, 'Invalid schema: $async is not supported' ],
    [ { properties: { a: { $async: true, type: 'string' }}}, 'Invalid schema: async schema' ],
    [ [], 'Invalid schema: a JSON Schema is an object' ],
    [ null, 'Invalid schema: a JSON Schema is an object' ],
    [ 'text', 'Invalid schema: a JSON Schema is an object' ],
  ])('refuses %j.', (schema, message): void => {
    expect(refusal(schema)).toContain(message);
  });

  it('refuses patterns that take long to read, before it reads them.', (): void => {
    const short = { properties: { pattern: { type: 'string', pattern: '^\\p{Lu}' }}, patternProperties: { '^\\P{N}': true }};
    const read = jest.spyOn(globalThis, 'RegExp');
    expect(refusal(short)).toBe('none');
    expect(read).toHaveBeenCalledWith('^\\p{Lu}', expect.anything());
    for (const pattern of [ `[${'\\p{L}'.repeat(9_300)}]`, 'a'.repeat(2_001) ]) {
      for (const schema of [{ pattern }, { patternProperties: { [pattern]: true }}, { allOf: [{ items: { not: { pattern }}}]}, { $defs: { a: { patternProperties: { [pattern]: {}}}}} ]) {
        expect(refusal(schema)).toMatch(/^Invalid schema: its patterns have \d+ characters together, and at most 2000/u);
        expect(read).not.toHaveBeenCalledWith(pattern, expect.anything());
      }
    }
    read.mockRestore();
    const many = (count: number): object => ({ anyOf: Array.from({ length: count }, (_, index): object => ({ pattern: `${index}\\P{L}` })) });
    expect(refusal(many(20))).toBe('none');
    expect(refusal(many(21))).toBe('Invalid schema: its patterns have 21 classes such as \\p{L} together, and at most 20 are accepted');
  });

  it.each([ DRAFT_07, DRAFT_2020 ])('looks at what a body has itself, and not at what objects inherit (%s).', ($schema): void => {
    for (const name of [ 'constructor', 'toString', 'hasOwnProperty' ]) {
      expect(faultOf({ $schema, required: [ name ]}, {})).toEqual({ path: '', message: `must have required property '${name}'` });
      expect(faultOf({ $schema, properties: { [name]: { type: 'string' }}}, {})).toBeUndefined();
      expect(faultOf({ $schema, properties: { [name]: { type: 'string' }}}, { [name]: 1 })).toEqual({ path: `/${name}`, message: 'must be string' });
    }
  });

  it('takes keywords that it does not know, and does not look at formats.', (): void => {
    expect(faultOf({ 'x-note': 1, format: 'email', contentEncoding: 'base64' }, 'no email')).toBeUndefined();
  });

  it.each([
    [ 'a pattern that goes back without end', { pattern: '^(a+)+$' }, `${'a'.repeat(60)}b` ],
    [ 'references that double at each step', EXPONENTIAL, 7 ],
  ])('ends %s, and is whole after that.', (_, schema, body): void => {
    const short = new BodySchemas(2_000, 30);
    const text = JSON.stringify(schema);
    short.assertUsable(text);
    for (let times = 0; times < 2; times += 1) {
      expect((): unknown => short.faultOf(text, body)).toThrow('takes too long: more than 30 ms');
    }
    expect(short.faultOf(text, 'aaa')).toBeUndefined();
  });

  it('stops reading a schema that takes too long.', (): void => {
    const properties = Object.fromEntries(Array.from({ length: 3_000 }, (_, index): [string, object] =>
      [ `p${index}`, { type: 'string', minLength: index }]));
    const text = JSON.stringify({ properties });
    const short = new BodySchemas(2, 2_000);
    expect((): void => short.assertUsable(text)).toThrow('To read the schema takes too long: more than 2 ms');
  });

  it('ends references that go round.', (): void => {
    const schema = { $ref: '#/definitions/a', definitions: { a: { allOf: [{ $ref: '#/definitions/a' }]}}};
    expect((): unknown => faultOf(schema, 7)).toThrow(InvalidInput);
  });

  it('keeps schemas of the same $id apart, and forgets those that were not used for longest.', (): void => {
    const few = new BodySchemas(2_000, 2_000, 1);
    const [ texts, numbers ] = [ 'string', 'number' ].map((type): string => JSON.stringify({ $id: 'http://example.com/one', type }));
    for (let times = 0; times < 2; times += 1) {
      expect(few.faultOf(texts, 'a')).toBeUndefined();
      expect(few.faultOf(numbers, 7)).toBeUndefined();
      expect(few.faultOf(numbers, 'a')).toBeDefined();
    }
    expect((few as unknown as { compiled: Map<string, unknown> }).compiled.size).toBe(1);
  });
});
