import { InvalidInput } from '../../../src/event/InvalidInput';
import type { FilteredEvent } from '../../../src/filter/Filter';
import { FILTER_LIMITS } from '../../../src/filter/limits';
import { parseFilters } from '../../../src/filter/parseFilters';

const event: FilteredEvent = {
  attributes: {
    id: '1', source: 'https://pods.example/user/', specversion: '1.0', type: 'realestate/contact#add', subject: 'Käufer',
    hops: 2, urgent: true, negative: -5,
  },
  data: { name: 'Ada' },
};
const matches = (...filters: unknown[]): boolean => parseFilters(filters).matches(event);
const nest = (levels: number): unknown => levels === 1 ? { exact: { id: '1' }} : { not: nest(levels - 1) };
const many = (count: number): unknown[] => Array.from({ length: count }, (): unknown => ({ exact: { id: '1' }}));

function problem(value: unknown): string {
  try {
    parseFilters(value);
  } catch (error: unknown) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as Error).message;
  }
  throw new Error('The filters are valid.');
}

describe('Filters', (): void => {
  it.each([
    [{ exact: { type: 'realestate/contact#add' }}, true ],
    [{ exact: { type: 'realestate/contact' }}, false ],
    [{ exact: { type: 'Realestate/contact#add' }}, false ],
    [{ exact: { type: 'realestate/contact#add', id: '1' }}, true ],
    [{ exact: { type: 'realestate/contact#add', id: '2' }}, false ],
    [{ exact: { subject: 'Käufer' }}, true ],
    [{ exact: { missing: 'x' }}, false ],
    [{ exact: { hops: '2' }}, true ],
    [{ exact: { negative: '-5' }}, true ],
    [{ exact: { urgent: 'true' }}, true ],
    [{ exact: { urgent: 'TRUE' }}, false ],
    [{ prefix: { type: 'realestate/' }}, true ],
    [{ prefix: { type: 'Realestate/' }}, false ],
    [{ prefix: { type: 'realestate/contact#add!' }}, false ],
    [{ prefix: { type: 'real', source: 'http:' }}, false ],
    [{ prefix: { missing: 'x' }}, false ],
    [{ suffix: { type: '#add' }}, true ],
    [{ suffix: { type: '#ADD' }}, false ],
    [{ suffix: { type: '#add', source: '/user/' }}, true ],
    [{ suffix: { type: '#add', source: '/other/' }}, false ],
    [{ suffix: { missing: 'x' }}, false ],
    [{ not: { exact: { id: '1' }}}, false ],
    [{ not: { exact: { missing: 'x' }}}, true ],
    [{ all: [{ exact: { id: '1' }}] }, true ],
    [{ all: [{ exact: { id: '1' }}, { exact: { id: '2' }}] }, false ],
    [{ any: [{ exact: { id: '2' }}, { exact: { id: '1' }}] }, true ],
    [{ any: [{ exact: { id: '2' }}, { exact: { missing: 'x' }}] }, false ],
    [{ any: [{ all: [{ prefix: { type: 'x' }}] }, { not: { not: { suffix: { id: '1' }}}}] }, true ],
  ])('%j returns %j.', (filter, expected): void => expect(matches(filter)).toBe(expected));

  it('match if all elements of the array match, so an empty array matches every event.', (): void => {
    expect(matches()).toBe(true);
    expect(matches({ exact: { id: '1' }}, { prefix: { type: 'real' }})).toBe(true);
    expect(matches({ exact: { id: '1' }}, { prefix: { type: 'unreal' }})).toBe(false);
    expect(matches({ exact: { id: '2' }}, { prefix: { type: 'real' }})).toBe(false);
  });

  it.each([ 'constructor', 'valueof', 'tostring' ])('do not read %j from the prototype of the attributes.', (name): void => {
    expect(matches({ not: { prefix: { [name]: 'f' }}})).toBe(true);
    expect(matches({ prefix: { [name]: 'f' }})).toBe(false);
  });

  it('have one text for equal filters, with attributes in order.', (): void => {
    const one = parseFilters([{ exact: { type: 'a', id: '1' }}, { any: [{ not: { prefix: { source: 'x' }}}] }]);
    const other = parseFilters([{ exact: { id: '1', type: 'a' }}, { any: [{ not: { prefix: { source: 'x' }}}] }]);
    expect(one.text).toBe('[{"exact":{"id":"1","type":"a"}},{"any":[{"not":{"prefix":{"source":"x"}}}]}]');
    expect(other.text).toBe(one.text);
    expect(parseFilters(one.document).text).toBe(one.text);
    expect(parseFilters(JSON.parse(one.text))).toMatchObject({ document: one.document, readsData: false });
  });

  it.each([
    [ undefined, 'Invalid filters: expected an array of filters' ],
    [ null, 'Invalid filters: expected an array of filters' ],
    [{ exact: { id: '1' }}, 'Invalid filters: expected an array of filters' ],
    [ [ null ], /^Invalid filters\/0: expected an object with one of exact, prefix/u ],
    [ [ 'exact' ], /^Invalid filters\/0: expected an object/u ],
    [ [[{ exact: { id: '1' }}]], /^Invalid filters\/0: expected an object/u ],
    [ [{}], /^Invalid filters\/0: expected an object/u ],
    [ [{ exact: { id: '1' }}, { regex: { id: '1' }}], /^Invalid filters\/1: unknown dialect "regex". Use one of exact, /u ],
    [ [{ constructor: { id: '1' }}], /^Invalid filters\/0: unknown dialect "constructor"/u ],
    [ [ JSON.parse('{"__proto__":{"id":"1"}}') ], /^Invalid filters\/0: unknown dialect "__proto__"/u ],
    [ [{ EXACT: { id: '1' }}], /unknown dialect "EXACT"/u ],
    [ [{ exact: { id: '1' }, prefix: { id: '1' }}], /^Invalid filters\/0: expected one dialect/u ],
    [ [{ exact: {}}], /^Invalid filters\/0\/exact: expected an object with attribute names/u ],
    [ [{ exact: 'id' }], /^Invalid filters\/0\/exact: expected an object/u ],
    [ [{ exact: [ 'id' ]}], /^Invalid filters\/0\/exact: expected an object/u ],
    [ [{ exact: null }], /^Invalid filters\/0\/exact: expected an object/u ],
    [ [{ exact: { id: '' }}], /^Invalid filters\/0\/exact\/id: expected a text that is not empty$/u ],
    [ [{ prefix: { id: 1 }}], /^Invalid filters\/0\/prefix\/id: expected a text/u ],
    [ [{ suffix: { id: null }}], /^Invalid filters\/0\/suffix\/id: expected a text/u ],
    [ [{ exact: { id: [ '1' ]}}], /^Invalid filters\/0\/exact\/id: expected a text/u ],
    [ [{ exact: { Id: '1' }}], /^Invalid filters\/0\/exact\/Id: expected the name of an attribute/u ],
    [ [{ exact: { '': '1' }}], /^Invalid filters\/0\/exact\/: expected the name of an attribute/u ],
    [ [{ exact: { 'a/b~': '1' }}], /^Invalid filters\/0\/exact\/a~1b~0: expected the name of an attribute/u ],
    [ [{ exact: JSON.parse('{"__proto__":"1"}') }], /^Invalid filters\/0\/exact\/__proto__: expected the name/u ],
    [ [{ all: []}], /^Invalid filters\/0\/all: expected an array with at least one filter$/u ],
    [ [{ any: {}}], /^Invalid filters\/0\/any: expected an array/u ],
    [ [{ any: [{ exact: { id: '1' }}, {}] }], /^Invalid filters\/0\/any\/1: expected an object/u ],
    [ [{ not: [{ exact: { id: '1' }}] }], /^Invalid filters\/0\/not: expected an object/u ],
    [ [{ not: { all: [{ not: { any: [{ exact: { id: 2 }}] }}] }}], /^Invalid filters\/0\/not\/all\/0\/not\/any\/0\/exact\/id: /u ],
  ])('rejects %j with its position.', (value, message): void => {
    expect(problem(value)).toMatch(message);
  });

  it('keeps messages short for long names.', (): void => {
    expect(problem([{ ['x'.repeat(100_000)]: {}}]).length).toBeLessThan(300);
    expect(problem([{ exact: { ['X'.repeat(100_000)]: 'a' }}]).length).toBeLessThan(300);
  });

  it(`accepts ${FILTER_LIMITS.depth} levels.`, (): void => {
    expect(matches(nest(FILTER_LIMITS.depth))).toBe(false);
    expect(problem([ nest(FILTER_LIMITS.depth + 1) ])).toBe(
      `Invalid filters/0${'/not'.repeat(FILTER_LIMITS.depth)}: expected at most 8 levels of nested filters and expressions`,
    );
    expect(problem([ nest(5_000) ])).toContain('expected at most 8 levels');
  });

  it(`accepts ${FILTER_LIMITS.nodes} nodes: filters and compared attributes.`, (): void => {
    const message = 'expected at most 64 filters, compared attributes, operators and operands';
    const compared = (count: number): unknown => ({
      exact: Object.fromEntries(Array.from({ length: count }, (_, index): [ string, string ] => [ `a${index}`, '1' ])),
    });
    expect(matches(...many(64))).toBe(true);
    expect(problem(many(65))).toBe(`Invalid filters/64: ${message}`);
    expect(problem([{ any: many(64) }])).toBe(`Invalid filters/0/any/63: ${message}`);
    expect(matches({ any: many(63) })).toBe(true);
    expect(matches(compared(64))).toBe(false);
    expect(problem([ compared(65) ])).toBe(`Invalid filters/0/exact/a64: ${message}`);
  });

  it(`accepts ${FILTER_LIMITS.bytes} bytes of UTF-8.`, (): void => {
    const ofSize = (bytes: number): unknown[] => [{ exact: { id: `${'x'.repeat(bytes - 24)}€` }}];
    expect(Buffer.byteLength(parseFilters(ofSize(FILTER_LIMITS.bytes)).text)).toBe(FILTER_LIMITS.bytes);
    expect(problem(ofSize(FILTER_LIMITS.bytes + 1))).toBe('Invalid filters: expected at most 4096 bytes');
  });
});
