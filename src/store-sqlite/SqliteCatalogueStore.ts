import type { TopicPattern } from '../event/TopicPattern';
import { isCovered } from '../event/TopicPattern';
import type {
  CatalogueEntry,
  CatalogueEntryDraft,
  CatalogueFault,
  CatalogueStore,
  System,
  SystemDraft,
} from '../catalogue/CatalogueStore';
import type { Page, PageRequest } from '../store/Page';
import { deleteRemovedEntry, deleteRemovedSystem } from './catalogueRows';
import type { SqliteSession } from './SqliteSession';
import { nextTimeSlice } from '../event/timeSlices';

interface EntryRow extends Omit<CatalogueEntry, 'schema'> {
  readonly schema: string | null;
}

const SYSTEMS = `
  SELECT y.id, y.identifier, y.name, y.class, y.type, y.description, y.created FROM pods p CROSS JOIN systems y
  WHERE p.url = ? AND y.pod = p.id AND y.removed IS NULL
`;

const ENTRIES = `
  SELECT x.id, x.identifier, x.system, x.name, x.operation, x.description, x.topic, x.schema, x.created,
    y.name AS systemName, y.identifier AS systemIdentifier
  FROM pods p CROSS JOIN entries_of_catalogue x CROSS JOIN systems y
  WHERE p.url = ? AND x.pod = p.id AND x.removed IS NULL AND y.id = x.system
`;

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

  public async listSystems(pod: string, { index, size, isDescending }: PageRequest): Promise<Page<System>> {
    const { total } = this.db.get<{ total: number }>(`
      SELECT COUNT(*) AS total FROM pods p CROSS JOIN systems y WHERE p.url = ? AND y.pod = p.id AND y.removed IS NULL
    `, pod)!;
    const sql = `${SYSTEMS} ORDER BY y.id ${isDescending ? 'DESC' : 'ASC'} LIMIT ? OFFSET ?`;
    return { items: this.db.all<System>(sql, pod, size, index * size), total };
  }

  public async getSystem(pod: string, id: number): Promise<System | undefined> {
    return this.db.get<System>(`${SYSTEMS} AND y.id = ?`, pod, id);
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
      const created = Date.now();
      const { identifier, name, class: kind, type, description } = draft;
      const { lastInsertRowid } = this.db.run(`
        INSERT INTO systems (pod, identifier, name, class, type, description, created) VALUES (?, ?, ?, ?, ?, ?, ?)
      `, key, identifier, name, kind, type, description, created);
      return { id: Number(lastInsertRowid), identifier, name, class: kind, type, description, created };
    });
  }

  public async changeSystem(
    pod: string,
    id: number,
    { identifier, name, class: kind, type, description }: SystemDraft,
  ): Promise<System | CatalogueFault | undefined> {
    return this.db.write((): System | CatalogueFault | undefined => {
      const system = this.db.get<System>(`${SYSTEMS} AND y.id = ?`, pod, id);
      if (!system) {
        return undefined;
      }
      if (system.identifier !== identifier && this.isTaken(this.db.key('pods', 'url', pod), identifier)) {
        return 'taken';
      }
      this.db.run(`
        UPDATE systems SET identifier = ?, name = ?, class = ?, type = ?, description = ? WHERE id = ?
      `, identifier, name, kind, type, description, id);
      return { id, identifier, name, class: kind, type, description, created: system.created };
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
    { index, size, isDescending }: PageRequest,
  ): Promise<Page<CatalogueEntry>> {
    if (topics) {
      const ids = await this.entriesOf(pod, topics);
      const page = (isDescending ? ids.reverse() : ids).slice(index * size, (index + 1) * size);
      const items = page.map((id): CatalogueEntry | undefined => this.entry(pod, id));
      return { items: items.filter((entry): entry is CatalogueEntry => entry !== undefined), total: ids.length };
    }
    const { total } = this.db.get<{ total: number }>(`
      SELECT COUNT(*) AS total FROM pods p CROSS JOIN entries_of_catalogue x
      WHERE p.url = ? AND x.pod = p.id AND x.removed IS NULL
    `, pod)!;
    const sql = `${ENTRIES} ORDER BY x.id ${isDescending ? 'DESC' : 'ASC'} LIMIT ? OFFSET ?`;
    return { items: this.db.all<EntryRow>(sql, pod, size, index * size).map(toEntry), total };
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
      const { lastInsertRowid } = this.db.run(
        `
          INSERT INTO entries_of_catalogue (
            pod, system, identifier, name, operation, description, topic, schema, created
          ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        `,
        key,
        system,
        identifier,
        name,
        operation,
        description,
        topic,
        schema ?? null,
        Date.now(),
      );
      return this.entry(pod, Number(lastInsertRowid))!;
    });
  }

  public async changeEntry(
    pod: string,
    id: number,
    { system, name, operation, description, topic, schema }: CatalogueEntryDraft,
  ): Promise<CatalogueEntry | CatalogueFault | undefined> {
    return this.db.write((): CatalogueEntry | CatalogueFault | undefined => {
      const before = this.entry(pod, id);
      if (!before) {
        return undefined;
      }
      if (!this.hasSystem(pod, system)) {
        return 'no system';
      }
      this.db.run(
        `
          UPDATE entries_of_catalogue
          SET system = ?, name = ?, operation = ?, description = ?, topic = ?, schema = ? WHERE id = ?
        `,
        system,
        name,
        operation,
        description,
        topic,
        schema ?? null,
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
