import type Database from 'better-sqlite3';
import type { SqliteSession } from '../../src/store-sqlite/SqliteSession';

/**
 * Returns the statements of some work that scan a table or sort rows, each with these steps of its query plan.
 */
export async function scansOf(session: SqliteSession, work: () => Promise<unknown>): Promise<unknown[]> {
  const internal = session as unknown as { prepare: (sql: string) => unknown; connect: () => { db: Database.Database }};
  const prepare = jest.spyOn(internal, 'prepare');
  await work();
  const texts = new Set(prepare.mock.calls.map(([ sql ]): string => sql));
  prepare.mockRestore();
  const { db } = internal.connect();
  return [ ...texts ].flatMap((sql): unknown[] => {
    const parameters = Array.from({ length: sql.split('?').length - 1 }, (): number => 1);
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[];
    const scans = plan.map(({ detail }): string => detail)
      // A subquery reads at most its limit, and a topic has few patterns.
      .filter((detail): boolean => /^SCAN (?!CONSTANT|few$|\(subquery|(?:j|json_each) VIRTUAL TABLE)|TEMP B-TREE/u.test(detail));
    return scans.length > 0 ? [[ sql, scans ]] : [];
  });
}
