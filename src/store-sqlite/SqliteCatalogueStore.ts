import type { TopicPattern } from '../event/TopicPattern';
import { isCovered } from '../event/TopicPattern';
import type {
  CatalogueEntry,
  CatalogueEntryChanges,
  CatalogueEntryDraft,
  CatalogueFault,
  CatalogueStore,
  EntryColumn,
  EntryFilter,
  SortedPageRequest,
  System,
  SystemChanges,
  SystemColumn,
  SystemDraft,
  SystemFilter,
} from '../catalogue/CatalogueStore';
import type { Page } from '../store/Page';
import { deleteRemovedEntry, deleteRemovedSystem } from './catalogueRows';
import type { SqliteSession } from './SqliteSession';
import { nextTimeSlice } from '../event/timeSlices';

interface SystemRow extends Omit<System, 'client'> {
  /** JSON text. */
  readonly client: string | null;
}

interface EntryRow extends Omit<CatalogueEntry, 'schema'> {
  readonly schema: string | null;
}

const SYSTEMS = `
  SELECT y.id, y.identifier, y.name, y.class, y.type, y.description, y.client, y.created, y.updated
  FROM pods p CROSS JOIN systems y
  WHERE p.url = ? AND y.pod = p.id AND y.removed IS NULL
`;

const ENTRIES = `
  SELECT x.id, x.identifier, x.system, x.name, x.operation, x.description, x.topic, x.schema, x.created, x.updated,
    y.name AS systemName, y.identifier AS systemIdentifier
  FROM pods p CROSS JOIN entries_of_catalogue x CROSS JOIN systems y
  WHERE p.url = ? AND x.pod = p.id AND x.removed IS NULL AND y.id = x.system
`;

/** SQL conditions of the lists, and the expressions that sort them. */
const LISTED_SYSTEMS = 'FROM pods p CROSS JOIN systems y WHERE p.url = ? AND y.pod = p.id AND y.removed IS NULL';
const LISTED_ENTRIES = `
  FROM pods p CROSS JOIN entries_of_catalogue x CROSS JOIN systems y
  WHERE p.url = ? AND x.pod = p.id AND x.removed IS NULL AND y.id = x.system
`;
const SYSTEM_COLUMNS: Readonly<Record<SystemColumn, string>> = {
  id: 'y.id',
  identifier: 'y.identifier',
  name: 'y.name',
  class: 'y.class',
  type: 'y.type',
  description: 'y.description',
  client: 'json_extract(y.client, \'$\')',
  updated: 'y.updated',
};
const ENTRY_COLUMNS: Readonly<Record<EntryColumn, string>> = {
  id: 'x.id',
  identifier: 'x.identifier',
  system: 'x.system',
  systemName: 'y.name',
  systemIdentifier: 'y.identifier',
  name: 'x.name',
  operation: 'x.operation',
  description: 'x.description',
  topic: 'x.topic',
  updated: 'x.updated',
};

/** Number of entries to examine in one turn of the event loop, for a list filtered by topics. */
const CHUNK = 1_000;

/**
 * Stores catalogues in the database of the events.
 *
 * Removed systems and entries stay until their events are removed, because the log shows them.
 */
export class SqliteCatalogueStore implements CatalogueStore {
  private readonly db: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.db = session;
  }

  public async open(): Promise<void> {
    this.db.open();
  }

  public async close(): Promise<void> {
    this.db.close();
  }

  public async listSystems(
    pod: string,
    { sort = 'id', ...page }: SortedPageRequest<SystemColumn>,
    filter: SystemFilter = {},
  ): Promise<Page<System>> {
    const listed = `${LISTED_SYSTEMS} AND (? IS NULL OR y.class IN (?, 'hybrid'))`;
    const parameters = [ pod, filter.class ?? null, filter.class ?? null ];
    const { total } = this.db.get<{ total: number }>(`SELECT COUNT(*) AS total ${listed}`, ...parameters)!;
    const ids = this.page(`SELECT y.id ${listed}`, SYSTEM_COLUMNS[sort], 'y.id', page, parameters);
    return { items: present(ids.map((id): System | undefined => this.system(pod, id))), total };
  }

  public async getSystem(pod: string, id: number): Promise<System | undefined> {
    return this.system(pod, id);
  }

  public async addSystem(pod: string, draft: SystemDraft, maxCount: number): Promise<System | CatalogueFault> {
    return this.db.write((): System | CatalogueFault => {
      const key = this.db.key('pods', 'url', pod);
      if (this.isTaken(key, draft.identifier)) {
        return 'taken';
      }
      if (this.db.get('SELECT 1 FROM systems WHERE pod = ? AND removed IS NULL LIMIT 1 OFFSET ?', key, maxCount - 1)) {
        return 'full';
      }
      const now = Date.now();
      const { identifier, name, class: kind, type, description, client } = draft;
      const { lastInsertRowid } = this.db.run(`
        INSERT INTO systems (pod, identifier, name, class, type, description, client, created, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      `, key, identifier, name, kind, type, description, toClientText(client), now, now);
      return this.system(pod, Number(lastInsertRowid))!;
    });
  }

  public async changeSystem(
    pod: string,
    id: number,
    changes: SystemChanges,
  ): Promise<System | CatalogueFault | undefined> {
    return this.db.write((): System | CatalogueFault | undefined => {
      const system = this.system(pod, id);
      if (!system) {
        return undefined;
      }
      const { identifier, name, class: kind, type, description, client } = { ...system, ...changes };
      if (system.identifier !== identifier && this.isTaken(this.db.key('pods', 'url', pod), identifier)) {
        return 'taken';
      }
      this.db.run(`
        UPDATE systems SET identifier = ?, name = ?, class = ?, type = ?, description = ?, client = ?, updated = ?
        WHERE id = ?
      `, identifier, name, kind, type, description, toClientText(client), Date.now(), id);
      return this.system(pod, id);
    });
  }

  public async removeSystem(pod: string, id: number): Promise<boolean | 'used'> {
    return this.db.write((): boolean | 'used' => {
      if (!this.hasSystem(pod, id)) {
        return false;
      }
      if (this.db.get('SELECT 1 FROM entries_of_catalogue WHERE system = ? AND removed IS NULL LIMIT 1', id)) {
        return 'used';
      }
      this.db.run('UPDATE systems SET removed = ? WHERE id = ?', Date.now(), id);
      deleteRemovedSystem(this.db, id);
      return true;
    });
  }

  public async listEntries(
    pod: string,
    topics: readonly TopicPattern[] | undefined,
    { sort = 'id', ...page }: SortedPageRequest<EntryColumn>,
    { system, name }: EntryFilter = {},
  ): Promise<Page<CatalogueEntry>> {
    const conditions = ([
      [ 'x.id IN (SELECT value FROM json_each(?))', topics && JSON.stringify(await this.entriesOf(pod, topics)) ],
      [ 'x.system = ?', system ],
      [ 'instr(lower(x.name), lower(?)) > 0', name ],
    ] as const).filter(([ , value ]): boolean => value !== undefined);
    const listed = `${LISTED_ENTRIES} ${conditions.map(([ condition ]): string => `AND ${condition}`).join(' ')}`;
    const parameters = [ pod, ...conditions.map(([ , value ]): unknown => value) ];
    const { total } = this.db.get<{ total: number }>(`SELECT COUNT(*) AS total ${listed}`, ...parameters)!;
    const ids = this.page(`SELECT x.id ${listed}`, ENTRY_COLUMNS[sort], 'x.id', page, parameters);
    return { items: present(ids.map((id): CatalogueEntry | undefined => this.entry(pod, id))), total };
  }

  /** Returns the keys of one page. Large members are not sorted along. */
  private page(
    sql: string,
    column: string,
    key: string,
    { index, size, isDescending }: Omit<SortedPageRequest<never>, 'sort'>,
    parameters: readonly unknown[],
  ): number[] {
    const order = isDescending ? 'DESC' : 'ASC';
    const by = column === key ? `${key} ${order}` : `${column} COLLATE NOCASE ${order}, ${key} ${order}`;
    return this.db.all<{ id: number }>(`${sql} ORDER BY ${by} LIMIT ? OFFSET ?`, ...parameters, size, index * size)
      .map(({ id }): number => id);
  }

  /** Returns the keys of the entries with matching topics, in order. */
  private async entriesOf(pod: string, topics: readonly TopicPattern[]): Promise<number[]> {
    const ids: number[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const rows: { id: number; topic: string }[] = this.db.all(`
        SELECT x.id, x.topic FROM pods p CROSS JOIN entries_of_catalogue x
        WHERE p.url = ? AND x.pod = p.id AND x.removed IS NULL AND x.id > ? ORDER BY x.id LIMIT ?
      `, pod, after, CHUNK);
      ids.push(...rows
        .filter(({ topic }): boolean => isCovered(topics, topic))
        .map(({ id }): number => id));
      after = rows.length < CHUNK ? undefined : rows.at(-1)!.id;
      if (after !== undefined) {
        await nextTimeSlice();
      }
    }
    return ids;
  }

  public async getEntry(pod: string, id: number): Promise<CatalogueEntry | undefined> {
    return this.entry(pod, id);
  }

  public async findEntry(pod: string, identifier: string): Promise<CatalogueEntry | undefined> {
    const row = this.db.get<EntryRow>(`${ENTRIES} AND x.identifier = ?`, pod, identifier);
    return row && toEntry(row);
  }

  public async addEntry(
    pod: string,
    identifier: string,
    { system, name, operation, description, topic, schema }: CatalogueEntryDraft,
    maxCount: number,
  ): Promise<CatalogueEntry | CatalogueFault> {
    return this.db.write((): CatalogueEntry | CatalogueFault => {
      if (!this.hasSystem(pod, system)) {
        return 'no system';
      }
      const key = this.db.key('pods', 'url', pod);
      if (this.db.get('SELECT 1 FROM entries_of_catalogue WHERE pod = ? AND identifier = ?', key, identifier)) {
        return 'taken';
      }
      const sql = 'SELECT 1 FROM entries_of_catalogue WHERE pod = ? AND removed IS NULL LIMIT 1 OFFSET ?';
      if (this.db.get(sql, key, maxCount - 1)) {
        return 'full';
      }
      const now = Date.now();
      const { lastInsertRowid } = this.db.run(
        `
          INSERT INTO entries_of_catalogue (
            pod, system, identifier, name, operation, description, topic, schema, created, updated
          ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        `,
        key,
        system,
        identifier,
        name,
        operation,
        description,
        topic,
        schema ?? null,
        now,
        now,
      );
      return this.entry(pod, Number(lastInsertRowid))!;
    });
  }

  public async changeEntry(
    pod: string,
    id: number,
    changes: CatalogueEntryChanges,
  ): Promise<CatalogueEntry | CatalogueFault | undefined> {
    return this.db.write((): CatalogueEntry | CatalogueFault | undefined => {
      const before = this.entry(pod, id);
      if (!before) {
        return undefined;
      }
      const { system, name, operation, description, topic, schema } = { ...before, ...changes };
      if (!this.hasSystem(pod, system)) {
        return 'no system';
      }
      this.db.run(
        `
          UPDATE entries_of_catalogue
          SET system = ?, name = ?, operation = ?, description = ?, topic = ?, schema = ?, updated = ? WHERE id = ?
        `,
        system,
        name,
        operation,
        description,
        topic,
        schema ?? null,
        Date.now(),
        id,
      );
      return this.entry(pod, id);
    });
  }

  public async removeEntry(pod: string, id: number): Promise<boolean> {
    return this.db.write((): boolean => {
      if (!this.entry(pod, id)) {
        return false;
      }
      this.db.run('UPDATE entries_of_catalogue SET removed = ? WHERE id = ?', Date.now(), id);
      deleteRemovedEntry(this.db, id);
      return true;
    });
  }

  private system(pod: string, id: number): System | undefined {
    const row = this.db.get<SystemRow>(`${SYSTEMS} AND y.id = ?`, pod, id);
    return row && { ...row, client: row.client === null ? null : JSON.parse(row.client) as number | string };
  }

  private entry(pod: string, id: number): CatalogueEntry | undefined {
    const row = this.db.get<EntryRow>(`${ENTRIES} AND x.id = ?`, pod, id);
    return row && toEntry(row);
  }

  private hasSystem(pod: string, id: number): boolean {
    return this.db.get(`${SYSTEMS} AND y.id = ?`, pod, id) !== undefined;
  }

  private isTaken(pod: number, identifier: string): boolean {
    return this.db.get('SELECT 1 FROM systems WHERE pod = ? AND identifier = ? AND removed IS NULL', pod, identifier) !==
      undefined;
  }
}

function toEntry({ schema, ...row }: EntryRow): CatalogueEntry {
  return { ...row, ...schema !== null && { schema }};
}

/** JSON text of a client's id, because it is a number or a text. */
function toClientText(client: number | string | null): string | null {
  return client === null ? null : JSON.stringify(client);
}

function present<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item): item is T => item !== undefined);
}
