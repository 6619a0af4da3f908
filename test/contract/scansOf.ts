import type Database from 'better-sqlite3';
import type { SqliteSession } from '../../src/store-sqlite/SqliteSession';

/**
 * What the statements that some work runs read without an index, or sort: with the text of each such statement, the
 * steps of its plan.
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
      // A subquery reads no more than its limit, and the patterns of a topic are few.
      .filter((detail): boolean => /^SCAN (?!CONSTANT|few$|\(subquery|(?:j|json_each) VIRTUAL TABLE)|TEMP B-TREE/u.test(detail));
    return scans.length > 0 ? [[ sql, scans ]] : [];
  });
}
