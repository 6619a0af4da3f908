import type { Database } from 'better-sqlite3';
import { isOfServer, isOnSubdomain, normalBaseUrl, urlMover } from '../store/baseUrl';
import { getSetting, setSetting } from './settings';
import type { Move } from './StoreGuard';
import { moveOf, registeredPods } from './StoreGuard';

/**
 * What a text column holds, for a move to another base URL:
 * - `url`: one URL;
 * - `target`: one URL, with the name of its target kind before it if it is not a container;
 * - `urls`: a JSON array of URLs;
 * - `document`: the members of an event's document;
 * - `request`: a logged request;
 * - `result`: the events that a repeatable request made;
 * - `host`: a host of targets, which follows the URLs of those;
 * - `keep`: no URL of this server, or the words of a client.
 */
export type ColumnKind = 'url' | 'target' | 'urls' | 'document' | 'request' | 'result' | 'host' | 'keep';

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
  api_keys: { uuid: 'keep', account: 'keep', webid: 'url', name: 'keep', pods: 'urls', topics: 'keep', used: 'keep' },
  dependencies: { document: 'url', resource: 'url' },
  doubts: { mark: 'keep' },
  hosts: { name: 'host' },
  targets: { kind: 'keep', url: 'url', secret: 'keep', old_secret: 'keep' },
  deliveries: { copy: 'url' },
  attempts: { reason: 'keep' },
  made: { key: 'keep', fingerprint: 'keep', result: 'result' },
  systems: { identifier: 'keep', name: 'keep', class: 'keep', type: 'keep', description: 'keep' },
  entries_of_catalogue: {
    identifier: 'keep', name: 'keep', operation: 'keep', description: 'keep', topic: 'keep', schema: 'keep',
  },
  settings: { name: 'keep', value: 'keep' },
};

/** The members of an event's document that can hold URLs of its server; `data` is never one of them. */
const URL_MEMBERS = new Set([ 'id', 'publisher', 'recipient', 'source', 'origin' ]);

/** How many events or deliveries are rewritten in one transaction. */
const BATCH = 500;

/** The number of rows of a column that a move rewrites, or has rewritten. */
export interface MovedColumn {
  readonly table: string;
  readonly column: string;
  readonly rows: number;
}

/** What a move does to a store. */
export interface Relocation {
  readonly from: string;
  readonly to: string;
  /** The columns that have URLs of the server. */
  readonly columns: readonly MovedColumn[];
  /** Whether an earlier run of the same move is continued. */
  readonly isResumed: boolean;
}

/** What a move has done so far, in rows of a table. */
export type MoveProgress = (table: string, done: number, total: number) => void;

type Text = string | null;

/** The functions that rewrite the kinds of columns. */
type Rewriters = Readonly<Record<Exclude<ColumnKind, 'keep' | 'host'>, (text: string) => string>>;

/**
 * Checks a move, and counts what it rewrites. Only reads.
 *
 * @param db - A store of the schema of this version or an older one.
 *
 * @throws Error that names the remedy if the store belongs to neither of the base URLs, is in another move, or holds
 * URLs of both.
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
 * Gives the store of a stopped server another base URL: in its URL columns, and in the documents of the events that
 * were published on it. Documents of other servers stay as they came, and so do `data`, secrets and logs of attempts.
 *
 * Events are rewritten in transactions of {@link BATCH}, and everything else, with the new base URL, in the last one. A
 * store in between does not start as a server. Called again after an interruption, it goes on where it was.
 *
 * @param db - A store of the schema of this version, which nobody else uses.
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

/** Refuses a move after which two rows of a table would be the same. */
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
    document: (text): string => rewriteMembers(text, URL_MEMBERS, url),
    request: (text): string => rewriteMembers(text, new Set([ 'url' ]), url),
    result: (text): string => rewriteResult(text, url),
  };
}

/** The text columns that a move rewrites, as far as this database has them. */
function columnsOf(db: Database): { table: string; column: string; kind: keyof Rewriters }[] {
  return Object.entries(TEXT_COLUMNS).flatMap(([ table, columns ]) => {
    const there = new Set((db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }): string => name));
    return Object.entries(columns).flatMap(([ column, kind ]) =>
      there.has(column) && kind !== 'keep' && kind !== 'host' ? [{ table, column, kind }] : []);
  });
}

function register(db: Database, name: string, rewrite: (text: string) => string): void {
  db.function(name, { deterministic: true }, (text: unknown): Text => typeof text === 'string' ? rewrite(text) : null);
}

/** The condition for the events that were published on this server. */
const OWN = 'pod IN (SELECT id FROM pods WHERE moved_url(url) <> url)';

function countMoved(
  db: Database,
  table: string,
  column: string,
  rewrite: (text: string) => string,
): number {
  register(db, 'moved', rewrite);
  const which = table === 'events' ? `WHERE ${OWN} AND` : 'WHERE';
  return db.prepare(`SELECT COUNT(*) FROM ${table} ${which} ${column} IS NOT NULL AND moved(${column}) <> ${column}`)
    .pluck().get() as number;
}

/** Rewrites the next events; returns the key of the last one that was looked at, and how many there were. */
function moveEvents(db: Database, after: number, write: Rewriters): { last: number; count: number } {
  register(db, 'moved_url', write.url);
  const rows = db.prepare(`
    SELECT id, members, request, ${OWN} AS own FROM events WHERE id > ? ORDER BY id LIMIT ${BATCH}
  `).all(after) as { id: number; members: string; request: Text; own: number }[];
  const update = db.prepare('UPDATE events SET members = ?, bytes = bytes + ?, request = ? WHERE id = ?');
  for (const { id, members, request } of rows.filter(({ own }): boolean => own === 1)) {
    const moved = write.document(members);
    const grown = Buffer.byteLength(moved) - Buffer.byteLength(members);
    const movedRequest = request === null ? null : write.request(request);
    if (moved !== members || movedRequest !== request) {
      update.run(moved, grown, movedRequest, id);
    }
  }
  return { last: rows.at(-1)?.id ?? after, count: rows.length };
}

/**
 * Rewrites a column in two passes, the first of which sets a mark before each new text: one that is not rewritten yet
 * may be the same as the new text of another row.
 */
function moveColumn(db: Database, table: string, column: string, rewrite: (text: string) => string): void {
  register(db, 'moved', rewrite);
  db.prepare(`UPDATE ${table} SET ${column} = char(1) || moved(${column})
    WHERE ${column} IS NOT NULL AND moved(${column}) <> ${column}`).run();
  db.prepare(`UPDATE ${table} SET ${column} = substr(${column}, 2) WHERE substr(${column}, 1, 1) = char(1)`).run();
}

/** Gives targets that are on this server the host of their new URL, before that is written. */
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

/** Rewrites the pods in what a repeatable request made. */
function rewriteResult(text: string, url: (text: string) => string): string {
  const result = JSON.parse(text) as { events?: { pod?: unknown }[] };
  result.events?.forEach((event): void => {
    if (typeof event.pod === 'string') {
      event.pod = url(event.pod);
    }
  });
  return JSON.stringify(result);
}

/**
 * Rewrites the strings that are the values, or items of the values, of some members of the outermost object of a JSON
 * text. All else stays byte for byte.
 *
 * @param text - The text of a JSON object.
 * @param names - The members.
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
      // The walk enters all of `data`, so strings are parsed only where they count.
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
      // Only an array may hold the strings of a member.
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

/** The place behind the string that begins at a place. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
