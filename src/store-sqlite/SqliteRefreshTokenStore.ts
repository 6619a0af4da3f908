import type { Scope } from '../identity/scopes';
import type { TokenHashes } from '../identity/tokens/refreshToken';
import type {
  ChainLimits,
  FoundChain,
  RefreshChain,
  RefreshTokenStore,
  TokenUse,
  UseResult,
} from '../identity/tokens/RefreshTokenStore';
import { MAX_REPLAYABLE, REPLAY_TIME } from '../identity/tokens/RefreshTokenStore';
import { removeEndedChains } from './refreshChains';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of ended chains, and of old answers, that each new chain removes. */
const MAX_REMOVED = 16;

interface Row {
  readonly pod: string;
  readonly agent: string;
  readonly client: string | null;
  readonly login: string | null;
  readonly keyId: string | null;
  readonly keyPrefix: Buffer | null;
  readonly scopes: string;
  readonly ends: number;
  readonly current: number;
  readonly answer: Buffer | null;
}

/**
 * Stores the chains of refresh tokens in the database of the events.
 */
export class SqliteRefreshTokenStore implements RefreshTokenStore {
  private readonly session: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.session = session;
  }

  public async startChain(
    hashes: TokenHashes,
    chain: RefreshChain,
    limits: ChainLimits,
    now: number,
  ): Promise<boolean> {
    return this.session.write((): boolean => {
      removeEndedChains(this.session, now, MAX_REMOVED);
      const agent = this.session.key('agents', 'webid', chain.agent);
      const removed = this.session.run(`
        DELETE FROM refresh_chains WHERE id IN (
          SELECT id FROM refresh_chains WHERE agent = ? ORDER BY id DESC LIMIT -1 OFFSET ?
        )
      `, agent, limits.perAgent - 1).changes;
      if (removed === 0 && this.count() >= limits.total) {
        return false;
      }
      this.session.run(
        `
          INSERT INTO refresh_chains (chain, token, pod, agent, client, login, key_id, key_prefix, scopes, ends)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        `,
        hashes.chain,
        hashes.token,
        this.session.key('pods', 'url', chain.pod),
        agent,
        chain.client ?? null,
        chain.clientId ?? null,
        chain.key?.id ?? null,
        chain.key ? Buffer.from(chain.key.prefix, 'base64url') : null,
        JSON.stringify(chain.scopes),
        chain.ends,
      );
      return true;
    });
  }

  public async findChain({ chain, token }: TokenHashes, now: number): Promise<FoundChain | undefined> {
    const row = this.session.get<Row>(`
      SELECT p.url AS pod, g.webid AS agent, c.client, c.login, c.key_id AS keyId, c.key_prefix AS keyPrefix, c.scopes, c.ends,
        c.token = ? AS current, (
          SELECT a.answer FROM refresh_answers a WHERE a.token = ? AND a.chain = c.id AND a.used BETWEEN ? AND ?
        ) AS answer
      FROM refresh_chains c CROSS JOIN pods p CROSS JOIN agents g
      WHERE c.chain = ? AND c.ends > ? AND p.id = c.pod AND p.ended IS NULL AND g.id = c.agent AND g.ended IS NULL
    `, token, token, now - REPLAY_TIME, now + REPLAY_TIME, chain, now);
    return row && {
      chain: toChain(row),
      isCurrent: row.current === 1,
      ...row.answer && { answer: row.answer },
    };
  }

  public async useToken({ chain, token }: TokenHashes, { next, answer, now }: TokenUse): Promise<UseResult> {
    return this.session.write((): UseResult => {
      const row = this.session.get<{ id: number }>(
        'SELECT id FROM refresh_chains WHERE chain = ? AND token = ? AND ends > ?',
        chain,
        token,
        now,
      );
      if (!row) {
        return 'late';
      }
      this.session.run(
        'DELETE FROM refresh_answers WHERE chain = ? AND used NOT BETWEEN ? AND ?',
        row.id,
        now - REPLAY_TIME,
        now + REPLAY_TIME,
      );
      const { count } = this.session.get<{ count: number }>(
        'SELECT COUNT(*) AS count FROM refresh_answers WHERE chain = ?',
        row.id,
      )!;
      if (count >= MAX_REPLAYABLE) {
        return 'busy';
      }
      this.session.run(
        'INSERT INTO refresh_answers (token, chain, used, answer) VALUES (?, ?, ?, ?)',
        token,
        row.id,
        now,
        answer,
      );
      this.session.run('UPDATE refresh_chains SET token = ? WHERE id = ?', next, row.id);
      return 'used';
    });
  }

  public async endChain({ chain }: TokenHashes): Promise<void> {
    return this.session.write((): void => {
      this.session.run('DELETE FROM refresh_chains WHERE chain = ?', chain);
    });
  }

  public async endChainsOf(webId: string): Promise<void> {
    return this.session.write((): void => {
      this.session.run('DELETE FROM refresh_chains WHERE agent = (SELECT id FROM agents WHERE webid = ?)', webId);
    });
  }

  private count(): number {
    return this.session.get<{ count: number }>('SELECT COUNT(*) AS count FROM refresh_chains')!.count;
  }
}

function toChain({ pod, agent, client, login, keyId, keyPrefix, scopes, ends }: Row): RefreshChain {
  return {
    agent,
    pod,
    scopes: JSON.parse(scopes) as Scope[],
    ends,
    ...client !== null && { client },
    ...login !== null && { clientId: login },
    ...keyId !== null && keyPrefix !== null && { key: { id: keyId, prefix: keyPrefix.toString('base64url') }},
  };
}
