import type { ApiKey } from '../identity/ApiKey';
import { prefixOf } from '../identity/ApiKey';
import type { ApiKeyStore, StoredApiKey } from '../identity/ApiKeyStore';
import type { Scope } from '../identity/scopes';
import type { SqliteSession } from './SqliteSession';

interface Row {
  readonly uuid: string;
  readonly account: string;
  readonly webid: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly created: number;
  readonly expires: number | null;
  readonly pods: string | null;
  readonly topics: string | null;
  readonly scopes: string;
  readonly used: string | null;
}

/**
 * Stores API keys in the database of the events, so that a removed key is invalid in all processes at once.
 */
export class SqliteApiKeyStore implements ApiKeyStore {
  private readonly session: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.session = session;
  }

  public async addKey(key: ApiKey, hash: Buffer): Promise<void> {
    const json = (list?: readonly string[]): string | null => list ? JSON.stringify(list) : null;
    return this.session.write((): void => {
      this.session.run(
        `
        INSERT INTO api_keys (uuid, account, webid, name, prefix, hash, created, expires, pods, topics, scopes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      `,
        key.id,
        key.account,
        key.webId,
        key.name,
        prefixOf(hash),
        hash,
        key.created,
        key.expires ?? null,
        json(key.pods),
        json(key.topics),
        JSON.stringify(key.scopes),
      );
    });
  }

  public async findKeys(prefix: Buffer): Promise<StoredApiKey[]> {
    return this.session.all<Row>('SELECT * FROM api_keys WHERE prefix = ?', prefix)
      .map((row): StoredApiKey => ({ key: toKey(row), hash: row.hash }));
  }

  public async listKeys(account: string): Promise<ApiKey[]> {
    return this.session.all<Row>('SELECT * FROM api_keys WHERE account = ? ORDER BY id', account).map(toKey);
  }

  public async removeKey(account: string, id: string): Promise<boolean> {
    return this.session.write((): boolean =>
      this.session.run('DELETE FROM api_keys WHERE account = ? AND uuid = ?', account, id).changes > 0);
  }

  public async removeKeysOf(account: string, webId: string): Promise<void> {
    return this.session.write((): void => {
      this.session.run('DELETE FROM api_keys WHERE account = ? AND webid = ?', account, webId);
    });
  }

  public async markKeyUsed(id: string, day: string): Promise<void> {
    return this.session.write((): void => {
      this.session.run('UPDATE api_keys SET used = ? WHERE uuid = ?', day, id);
    });
  }
}

function toKey({ uuid, account, webid, name, created, expires, pods, topics, scopes, used }: Row): ApiKey {
  return {
    id: uuid,
    account,
    webId: webid,
    name,
    created,
    scopes: JSON.parse(scopes) as Scope[],
    ...expires !== null && { expires },
    ...pods !== null && { pods: JSON.parse(pods) as string[] },
    ...topics !== null && { topics: JSON.parse(topics) as string[] },
    ...used !== null && { lastUsed: used },
  };
}
