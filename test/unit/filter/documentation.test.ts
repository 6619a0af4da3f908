import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FilteredEvent } from '../../../src/filter/Filter';
import { FILTER_LIMITS } from '../../../src/filter/limits';
import { parseFilters } from '../../../src/filter/parseFilters';
import { blocksOf, sectionOf } from '../../util/markdown';
import { evaluate } from './cesql/evaluate';

const page = readFileSync(join(__dirname, '../../../docs/filters.md'), 'utf8');
const { data, ...attributes } = JSON.parse(blocksOf(page).find(({ language }): boolean => language === 'json')!.text);
const event: FilteredEvent = { attributes, data };

/** Rows of the tables of a section, with the inline code of each cell, or else its text. */
function rowsOf(heading: string): string[][] {
  return sectionOf(page, heading).split('\n').filter((line): boolean => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line): string[] => line.slice(2, -2).split(' | ').map((cell): string => /^`([^`]+)`$/u.exec(cell)?.[1] ?? cell));
}

describe('The page about filters', (): void => {
  it.each(rowsOf('Dialects').slice(1))('shows the result of a filter: %s.', (dialect, _meaning, example, result): void => {
    const filters = parseFilters([ JSON.parse(example) ]);
    expect(Object.keys(filters.document[0])).toEqual([ dialect ]);
    expect(String(filters.matches(event))).toBe(result);
  });

  it.each(rowsOf('Expressions').filter(([ , result ]): boolean => /^(?:true|false)$/u.test(result)))('shows the result of an expression: %s.', (sql, result): void => {
    expect(String(parseFilters([{ sql }]).matches(event))).toBe(result);
  });

  it.each(rowsOf('Functions').slice(1))('shows the value of a function: %s.', (_function, example, value): void => {
    const result = evaluate(example, attributes, data);
    expect([ String(result.value), result.errors ]).toEqual([ value, []]);
  });

  it.each(rowsOf('Errors of an evaluation').slice(1))('shows an error: %s.', (_error, sql): void => {
    expect(evaluate(sql, attributes, data).errors).toHaveLength(1);
    expect(parseFilters([{ sql }]).matches(event)).toBe(false);
    expect(parseFilters([{ not: { sql }}]).matches(event)).toBe(true);
  });

  it('shows the message for an invalid filter.', (): void => {
    const [ message ] = blocksOf(page).filter(({ language }): boolean => language === 'text');
    expect((): unknown => parseFilters([{ any: [{ exact: { id: '1' }}, { sql: '(id = \'1\' AND x' }] }])).toThrow(message.text.trim());
  });

  it('states the limits.', (): void => {
    const { bytes, depth, nodes, steps } = FILTER_LIMITS;
    expect(sectionOf(page, 'Limits').replaceAll(/\s+/gu, ' ')).toContain(`at most ${bytes.toLocaleString('en')} bytes, ${depth} levels and ${nodes} nodes`);
    expect(page).toContain(`at most ${steps.toLocaleString('en')} characters`);
  });

  it('has examples in each table.', (): void => {
    expect([ 'Dialects', 'Expressions', 'Functions', 'Errors of an evaluation' ].map((heading): number => rowsOf(heading).length))
      .toEqual([ 8, expect.any(Number), 14, 5 ]);
  });
});
