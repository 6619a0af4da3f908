import { getLoggerFor } from '@solid/community-server';
import type { Openable } from '../store/Openable';
import type { SqliteAliases } from '../store-sqlite/SqliteAliases';
import type { ServerUrls } from '../url/ServerUrls';

/**
 * Repairs URLs of this server that an older version stored as clients spelled them, when the server starts.
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
      this.logger.warn('An older version stored URLs of this server as clients spelled them; they have been repaired: ' +
        `${movedCopies} copies were moved to the container they belong to, ${removedCopies} were removed, ` +
        `${movedSubscriptions} subscriptions name their inbox by its canonical URL and are asked for consent again, ` +
        `${endedSubscriptions} were ended`);
    }
  }

  public async close(): Promise<void> {
    // The session is closed by the stores.
  }
}
