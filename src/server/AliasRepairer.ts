import { getLoggerFor } from '../css';
import type { Openable } from '../store/Openable';
import type { SqliteAliases } from '../store-sqlite/SqliteAliases';
import type { ServerUrls } from '../url/ServerUrls';

/**
 * Repairs, at startup, non-canonical URLs of this server that an earlier version stored.
 */
export class AliasRepairer implements Openable {
  protected readonly logger = getLoggerFor(this);
  private readonly aliases: SqliteAliases;
  private readonly urls: ServerUrls;

  /**
   * @param aliases - Repairs the database.
   * @param urls - Canonical form of URLs of this server.
   */
  public constructor(aliases: SqliteAliases, urls: ServerUrls) {
    this.aliases = aliases;
    this.urls = urls;
  }

  public async open(): Promise<void> {
    const repair = this.aliases.repair(this.urls);
    if (repair && Object.values(repair).some((count): boolean => count > 0)) {
      const { movedCopies, removedCopies, movedSubscriptions, endedSubscriptions } = repair;
      this.logger.warn('Repaired non-canonical URLs of this server that an earlier version stored: ' +
        `${movedCopies} copies moved to their container, ${removedCopies} copies removed, ` +
        `${movedSubscriptions} subscriptions changed to the canonical URL of their inbox, with unconfirmed consent, ` +
        `${endedSubscriptions} subscriptions ended`);
    }
  }

  public async close(): Promise<void> {
    // The stores close the session.
  }
}
