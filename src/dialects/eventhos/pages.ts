import { InvalidInput } from '../../event/InvalidInput';
import type { SortedPageRequest } from '../../catalogue/CatalogueStore';
import type { Page, PageRequest } from '../../store/Page';
import type { HttpExchange } from '../../http/Endpoint';
import { queryOf } from '../../http/query';

const PAGE_PARAMETERS = [ 'itemsPerPage', 'pageIndex', 'order', 'activeSort' ];
const DEFAULT_SIZE = 5;
const MOST_ITEMS = 100;

/**
 * The parameters of a request for a list; those that are empty count as absent.
 *
 * @param exchange - The request.
 * @param names - Those that there are, beside those of pages.
 *
 * @throws {@link InvalidInput} that names the first one that is unknown or given twice.
 */
export function listParameters(exchange: HttpExchange, names: readonly string[]): ReadonlyMap<string, string> {
  const known = [ ...names, ...PAGE_PARAMETERS ];
  const parameters = new Map<string, string>();
  for (const [ name, value ] of queryOf(exchange)) {
    if (!known.includes(name)) {
      throw new InvalidInput(`Unknown parameter ${JSON.stringify(name.slice(0, 100))}: there are ${known.join(', ')}`);
    }
    if (parameters.has(name)) {
      throw new InvalidInput(`The parameter ${name} is given twice`);
    }
    parameters.set(name, value);
  }
  return new Map([ ...parameters ].filter(([ , value ]): boolean => value !== ''));
}

/**
 * Reads the requested page: `itemsPerPage` (5 by default, 100 at most), `pageIndex` from 0, `order`, `activeSort`.
 *
 * @param parameters - The parameters.
 * @param columns - The values of `activeSort`, with the members that they name.
 *
 * @throws {@link InvalidInput} with the name of the first malformed parameter.
 */
export function parsePage<T>(
  parameters: ReadonlyMap<string, string>,
  columns: Readonly<Record<string, T>>,
): SortedPageRequest<T> {
  const size = parseCount(parameters, 'itemsPerPage', DEFAULT_SIZE);
  if (size < 1 || size > MOST_ITEMS) {
    throw new InvalidInput(`Invalid itemsPerPage: it is a number from 1 to ${MOST_ITEMS}`);
  }
  const order = parameters.get('order')?.toLowerCase() ?? 'asc';
  if (order !== 'asc' && order !== 'desc') {
    throw new InvalidInput('Invalid order: it is asc or desc');
  }
  const column = parameters.get('activeSort');
  if (column !== undefined && !Object.hasOwn(columns, column)) {
    throw new InvalidInput(`Invalid activeSort: it is one of ${Object.keys(columns).join(', ')}`);
  }
  const sort = column === undefined ? {} : { sort: columns[column] };
  return { size, index: parseCount(parameters, 'pageIndex', 0), isDescending: order === 'desc', ...sort };
}

/** A page as the dialect writes it. */
export function pageDocument<T>(page: PageRequest, found: Page<T>, describe: (item: T) => object): object {
  return {
    items: found.items.map(describe),
    pageIndex: page.index,
    itemsPerPage: page.size,
    totalItems: found.total,
    totalPages: Math.ceil(found.total / page.size),
  };
}

function parseCount(parameters: ReadonlyMap<string, string>, name: string, otherwise: number): number {
  const text = parameters.get(name) ?? `${otherwise}`;
  if (!/^\d{1,9}$/u.test(text)) {
    throw new InvalidInput(`Invalid ${name}: it is a whole number`);
  }
  return Number(text);
}
