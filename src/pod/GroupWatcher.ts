import type { AccessChecker } from '@solid/community-server';
import { AgentGroupAccessChecker } from '@solid/community-server';
import { DataFactory } from 'n3';
import { ACL } from '../event/vocabulary';
import { askedResources } from './askedResources';
import type { ServerUrls } from '../url/ServerUrls';
import type { AccessDependencies } from './ports';

type AccessCheckerArgs = Parameters<AccessChecker['handle']>[0];

/** How many groups of one rule are noted; changes of others are seen when answers are too old. */
const MOST_GROUPS = 100;

/**
 * Checks the membership of groups as the server does, and notes which documents that depends on,
 * so that a change of one of them is a change of access.
 *
 * @see https://solidproject.org/TR/wac#access-subjects
 */
export class GroupWatcher extends AgentGroupAccessChecker {
  private readonly store: AccessDependencies;
  private readonly urls: ServerUrls;

  /**
   * @param store - Remembers the documents.
   * @param urls - Canonical form of URLs of this server.
   */
  public constructor(store: AccessDependencies, urls: ServerUrls) {
    super();
    this.store = store;
    this.urls = urls;
  }

  public override async handle(input: AccessCheckerArgs): Promise<boolean> {
    const { acl, rule } = input;
    const objects = (term: string): string[] =>
      acl.getObjects(rule, DataFactory.namedNode(`${ACL}${term}`), null).map(({ value }): string => value);
    // What the rule itself says that it is about is its author's word; what counts is what is being asked.
    for (const resource of askedResources()) {
      for (const group of objects('agentGroup').slice(0, MOST_GROUPS)) {
        await this.store.noteDependency(this.urls.targetOf(group) ?? group.replace(/#.*$/u, ''), resource);
      }
    }
    // Noted first, so that no change is missed from here on.
    return super.handle(input);
  }
}
