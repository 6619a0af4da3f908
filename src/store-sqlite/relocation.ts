import type { Database } from 'better-sqlite3';
import { isOfServer, isOnSubdomain, normalBaseUrl, urlMover } from '../store/baseUrl';
import { isSecret } from './sealing';
import { getSetting, setSetting } from './settings';
import type { Move } from './StoreGuard';
import { moveOf, registeredPods } from './StoreGuard';

/**
 * Content of a text column, for a move to another base URL:
 * - `url`: one URL;
 * - `target`: one URL, after the name of its target kind if it is not a container;
 * - `urls`: a JSON array of URLs;
 * - `filters`: filters of subscriptions, which can compare attributes with URLs;
 * - `document`: the members of an event's document;
 * - `request`: a logged request;
 * - `result`: the stored response of an idempotent request;
 * - `host`: a host of targets, which follows the URLs of its targets;
 * - `keep`: no URL of this server, or text of a client.
 */
export type ColumnKind = 'url' | 'target' | 'urls' | 'filters' | 'document' | 'request' | 'result' | 'host' | 'keep';

/** All text columns of the schema; a test fails when one is missing. */
export const TEXT_COLUMNS: Readonly<Record<string, Readonly<Record<string, ColumnKind>>>> = {
  pods: { url: 'url', ended: 'url', identity: 'keep' },
  containers: { url: 'target', ended: 'target' },
  agents: { webid: 'url', ended: 'url' },
  endings: { url: 'url' },
  notices: { container: 'url', copy: 'url' },
  removed_events: { topic: 'keep' },
  former_secrets: { secret: 'keep' },
  contexts: { text: 'keep' },
  events: { topic: 'keep', members: 'document', request: 'request' },
  subscriptions: { pattern: 'keep' },
  former_subscriptions: { pattern: 'keep' },
  filters: { text: 'filters' },
  api_keys: { uuid: 'keep', account: 'keep', webid: 'url', name: 'keep', pods: 'urls', topics: 'keep', scopes: 'keep', used: 'keep' },
  refresh_chains: { client: 'keep', login: 'keep', key_id: 'keep', scopes: 'keep' },
  dependencies: { document: 'url', resource: 'url' },
  doubts: { mark: 'keep' },
  hosts: { name: 'host' },
  targets: { kind: 'keep', url: 'url', secret: 'keep', old_secret: 'keep', settings: 'keep', credential: 'keep' },
  deliveries: { copy: 'url' },
  attempts: { reason: 'keep' },
  made: { key: 'keep', fingerprint: 'keep', result: 'result' },
  systems: { identifier: 'keep', name: 'keep', class: 'keep', type: 'keep', description: 'keep', client: 'keep' },
  entries_of_catalogue: {
    identifier: 'keep', name: 'keep', operation: 'keep', description: 'keep', topic: 'keep', schema: 'keep',
  },
  settings: { name: 'keep', value: 'keep' },
  inbox_notifications: { name: 'keep' },
};

/** Members of an event's document that can hold URLs of its server; `data` is never one of them. */
const URL_MEMBERS = new Set([ 'id', 'publisher', 'recipient', 'source', 'origin' ]);

/** A string in an expression of the filter dialect `sql`. */
const SQL_STRING = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gsu;

/** Number of events to rewrite in one transaction. */
const BATCH = 500;

/** Number of rows of a column that a move rewrites. */
export interface MovedColumn {
  readonly table: string;
  readonly column: string;
  readonly rows: number;
}

/** Plan, and result, of a move of a store. */
export interface Relocation {
  readonly from: string;
  readonly to: string;
  /** The columns with URLs of the server. */
  readonly columns: readonly MovedColumn[];
  /** Whether the move continues an interrupted run. */
  readonly isResumed: boolean;
}

/** Listener for the progress of a move, in rows of a table. */
export type MoveProgress = (table: string, done: number, total: number) => void;

type Text = string | null;

/** The functions that rewrite the kinds of columns. */
type Rewriters = Readonly<Record<Exclude<ColumnKind, 'keep' | 'host'>, (text: string) => string>>;

/**
 * Checks a move, and counts the rows that it rewrites. Only reads.
 *
 * @param db - A store with the schema of this version or an older one.
 *
 * @throws Error with the remedy if the store belongs to neither of the base URLs, is in another move, or has URLs of
 * both.
 */
export function planRelocation(db: Database, from: string, to: string): Relocation {
  const [ base, target ] = [ normalBaseUrl(from), normalBaseUrl(to) ];
  const before = moveOf(db);
  if (before && (before.from !== base || before.to !== target)) {
    throw new Error(`Another move of this store was interrupted. Finish it first, with --from ${before.from} --to ` +
      `${before.to}.`);
  }
  if (base === target) {
    throw new Error('--from and --to are the same base URL, so there is nothing to move.');
  }
  assertOwner(db, base);
  const write = rewriters(db, base, target);
  assertFree(db, write);
  register(db, 'moved_url', write.url);
  const columns = columnsOf(db)
    .map(({ table, column, kind }): MovedColumn =>
      ({ table, column, rows: countMoved(db, table, column, write[kind]) }))
    .filter(({ rows }): boolean => rows > 0);
  return { from: base, to: target, columns, isResumed: before !== undefined };
}

/**
 * Changes the base URL of the store of a stopped server: in its URL columns, and in the documents of its own events.
 *
 * Documents of other servers, `data`, secrets and logs of attempts stay unchanged. Events are rewritten in transactions
 * of {@link BATCH}, and everything else, with the new base URL, in the last one. No server starts with an unfinished
 * move. After an interruption, another call continues the move.
 *
 * @param db - A store with the schema of this version, without other users.
 */
export function relocate(db: Database, from: string, to: string, progress?: MoveProgress): Relocation {
  const plan = planRelocation(db, from, to);
  const write = rewriters(db, plan.from, plan.to);
  let move: Move = moveOf(db) ?? { from: plan.from, to: plan.to, after: 0 };
  setSetting(db, 'move', JSON.stringify(move));
  const total = db.prepare('SELECT COUNT(*) FROM events').pluck().get() as number;
  let done = db.prepare('SELECT COUNT(*) FROM events WHERE id <= ?').pluck().get(move.after) as number;
  const step = db.transaction((): number => {
    const { last, count } = moveEvents(db, move.after, write);
    move = { ...move, after: last };
    setSetting(db, 'move', JSON.stringify(move));
    return count;
  });
  for (let count = step.immediate(); count > 0; count = step.immediate()) {
    done += count;
    progress?.('events', done, total);
  }
  db.transaction((): void => {
    moveHosts(db, write.url);
    for (const { table, column, kind } of columnsOf(db)) {
      if (table !== 'events') {
        moveColumn(db, table, column, write[kind]);
      }
    }
    setSetting(db, 'base_url', plan.to);
    setSetting(db, 'move', undefined);
  }).immediate();
  return plan;
}

function assertOwner(db: Database, base: string): void {
  const known = getSetting(db, 'base_url');
  if (known !== undefined && known !== base) {
    throw new Error(`This store belongs to the base URL ${known}, not to ${base}. Use --from ${known}.`);
  }
  const other = registeredPods(db).find((pod): boolean => !isOfServer(pod, base));
  if (other !== undefined) {
    throw new Error(`This store has the pod ${other}, which is not on ${base}. Use --from with the base URL that the ` +
      'server had.');
  }
}

/** Throws if two rows of a table would be equal after the move. */
function assertFree(db: Database, { target }: Rewriters): void {
  register(db, 'moved', target);
  for (const [ table, column ] of [[ 'pods', 'url' ], [ 'containers', 'url' ], [ 'agents', 'webid' ]]) {
    const taken = db.prepare(`
      SELECT a.${column} AS old, b.${column} AS new FROM ${table} a JOIN ${table} b ON b.${column} = moved(a.${column})
      WHERE b.id <> a.id AND moved(b.${column}) = b.${column} LIMIT 1
    `).get() as { old: string; new: string } | undefined;
    if (taken) {
      throw new Error(`This store has both ${taken.old} and ${taken.new}, so the one cannot become the other. Choose ` +
        'another --to, or remove what the store holds of the latter first.');
    }
  }
}

function rewriters(db: Database, from: string, to: string): Rewriters {
  const subdomains = registeredPods(db).some((pod): boolean => isOnSubdomain(pod, from));
  if (subdomains && new URL(to).pathname !== '/') {
    throw new Error(`The pods of this store are on subdomains, so --to has no path: ${new URL(to).origin}/.`);
  }
  const url = urlMover({ from, to, subdomains });
  return {
    url,
    target: (text): string => text.replace(/^(?<kind>[\w-]+ )?(?<url>.*)$/su, (_, kind: string = '', rest: string): string => `${kind}${url(rest)}`),
    urls: (text): string => JSON.stringify((JSON.parse(text) as string[]).map(url)),
    filters: (text): string => rewriteFilters(text, url),
    document: (text): string => rewriteMembers(text, URL_MEMBERS, url),
    request: (text): string => rewriteMembers(text, new Set([ 'url' ]), url),
    result: (text): string => rewriteResult(text, url),
  };
}

/** Returns the existing text columns that a move rewrites. */
function columnsOf(db: Database): { table: string; column: string; kind: keyof Rewriters }[] {
  return Object.entries(TEXT_COLUMNS).flatMap(([ table, columns ]) => {
    const existing = new Set((db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }): string => name));
    return Object.entries(columns).flatMap(([ column, kind ]) =>
      existing.has(column) && kind !== 'keep' && kind !== 'host' ? [{ table, column, kind }] : []);
  });
}

function register(db: Database, name: string, rewrite: (text: string) => string): void {
  db.function(name, { deterministic: true }, (text: unknown): Text => typeof text === 'string' ? rewrite(text) : null);
}

/** SQL condition of events that were published on this server. */
const IS_OWN = 'pod IN (SELECT id FROM pods WHERE moved_url(url) <> url)';

function countMoved(
  db: Database,
  table: string,
  column: string,
  rewrite: (text: string) => string,
): number {
  register(db, 'moved', rewrite);
  const where = table === 'events' ? `WHERE ${IS_OWN} AND` : 'WHERE';
  return db.prepare(`SELECT COUNT(*) FROM ${table} ${where} ${column} IS NOT NULL AND moved(${column}) <> ${column}`)
    .pluck().get() as number;
}

/** Rewrites the next events. Returns their number, and the key of the last one. */
function moveEvents(db: Database, after: number, write: Rewriters): { last: number; count: number } {
  register(db, 'moved_url', write.url);
  const rows = db.prepare(`
    SELECT id, members, request, ${IS_OWN} AS own FROM events WHERE id > ? ORDER BY id LIMIT ${BATCH}
  `).all(after) as { id: number; members: string; request: Text; own: number }[];
  const update = db.prepare('UPDATE events SET members = ?, bytes = bytes + ?, request = ? WHERE id = ?');
  for (const { id, members, request } of rows.filter(({ own }): boolean => own === 1)) {
    const moved = write.document(members);
    const growth = Buffer.byteLength(moved) - Buffer.byteLength(members);
    const movedRequest = request === null ? null : write.request(request);
    if (moved !== members || movedRequest !== request) {
      update.run(moved, growth, movedRequest, id);
    }
  }
  return { last: rows.at(-1)?.id ?? after, count: rows.length };
}

/**
 * Rewrites a column in two passes. The first one sets a mark before each new text, because the new text of a row can be
 * equal to the old text of another row.
 */
function moveColumn(db: Database, table: string, column: string, rewrite: (text: string) => string): void {
  register(db, 'moved', rewrite);
  db.prepare(`UPDATE ${table} SET ${column} = char(1) || moved(${column})
    WHERE ${column} IS NOT NULL AND moved(${column}) <> ${column}`).run();
  db.prepare(`UPDATE ${table} SET ${column} = substr(${column}, 2) WHERE substr(${column}, 1, 1) = char(1)`).run();
}

/** Changes the hosts of targets on this server, before their URLs are rewritten. */
function moveHosts(db: Database, url: (text: string) => string): void {
  register(db, 'moved_url', url);
  const rows = db.prepare('SELECT id, host, moved_url(url) AS url FROM targets WHERE moved_url(url) <> url')
    .all() as { id: number; host: number; url: string }[];
  for (const { id, host, url: moved } of rows) {
    const name = new URL(moved).host;
    db.prepare('INSERT OR IGNORE INTO hosts (name) VALUES (?)').run(name);
    const key = db.prepare('SELECT id FROM hosts WHERE name = ?').pluck().get(name) as number;
    if (key !== host) {
      db.prepare('UPDATE hosts SET next = (SELECT next FROM hosts WHERE id = ?) WHERE id = ? AND next IS NULL')
        .run(host, key);
      db.prepare('UPDATE targets SET host = ? WHERE id = ?').run(key, id);
      db.prepare('UPDATE deliveries SET host = ? WHERE target = ?').run(key, id);
      db.prepare('DELETE FROM hosts WHERE id = ? AND id NOT IN (SELECT host FROM targets)').run(host);
    }
  }
}

/** Rewrites the pods in the stored response of an idempotent request. */
function rewriteResult(text: string, url: (text: string) => string): string {
  if (isSecret(text)) {
    return text;
  }
  const result = JSON.parse(text) as { events?: { pod?: unknown }[] };
  result.events?.forEach((event): void => {
    if (typeof event.pod === 'string') {
      event.pod = url(event.pod);
    }
  });
  return JSON.stringify(result);
}

/** Rewrites the texts with which filters compare attributes, if they begin with a URL. */
function rewriteFilters(text: string, url: (text: string) => string): string {
  const sql = (expression: string): string => expression.replaceAll(SQL_STRING, (string): string =>
    `${string[0]}${url(string.slice(1, -1))}${string[0]}`);
  return JSON.stringify(JSON.parse(text), (name, value: unknown): unknown =>
    typeof value !== 'string' ? value : name === 'sql' ? sql(value) : url(value));
}

/**
 * Rewrites strings in a JSON object: values of some members, and items of such values. The rest stays byte for byte.
 *
 * @param text - The text of a JSON object.
 * @param names - Names of the members, in the outermost object.
 * @param rewrite - Returns the new string for each string.
 */
export function rewriteMembers(text: string, names: ReadonlySet<string>, rewrite: (value: string) => string): string {
  const parts: string[] = [];
  let [ copied, depth, name, isValue ] = [ 0, 0, '', false ];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const isKey = depth === 1 && !isValue;
      // The walk includes all of `data`, so it parses only strings of these members.
      if (isKey) {
        name = JSON.parse(text.slice(at, end)) as string;
      } else if (names.has(name) && depth <= 2) {
        const value = JSON.parse(text.slice(at, end)) as string;
        const moved = rewrite(value);
        if (moved !== value) {
          parts.push(text.slice(copied, at), JSON.stringify(moved));
          copied = end;
        }
      }
      at = end - 1;
    } else if (character === '{' || character === '[') {
      // An array adds one level and an object two, so that only arrays hold strings of a member.
      depth += character === '{' && depth > 0 ? 2 : 1;
    } else if (character === '}' || character === ']') {
      depth -= character === '}' && depth > 1 ? 2 : 1;
    } else if (depth === 1 && (character === ':' || character === ',')) {
      isValue = character === ':';
    }
  }
  parts.push(text.slice(copied));
  return parts.join('');
}

/** Returns the index after the string that begins at an index. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
