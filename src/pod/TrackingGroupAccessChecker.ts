import type { AccessChecker } from '../css';
import { AgentGroupAccessChecker } from '../css';
import { DataFactory } from 'n3';
import { ACL } from '../event/vocabulary';
import { queriedResources } from './queriedResources';
import type { ServerUrls } from '../url/ServerUrls';
import type { AccessDependencies } from './ports';

type AccessCheckerArgs = Parameters<AccessChecker['handle']>[0];

/** Maximum number of tracked groups of one rule. Changes of other groups take effect when cached answers expire. */
const MAX_GROUPS = 100;

/**
 * Checks group membership as the server does, and records the group documents that access depends on.
 *
 * A change of a recorded document raises the access epochs of the dependent pods.
 *
 * @see https://solidproject.org/TR/wac#access-subjects
 */
export class TrackingGroupAccessChecker extends AgentGroupAccessChecker {
  private readonly store: AccessDependencies;
  private readonly urls: ServerUrls;

  /**
   * @param store - Stores the dependencies.
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
    // The rule's own `acl:accessTo` is not trusted: dependencies are recorded for the queried resources.
    for (const resource of queriedResources()) {
      for (const group of objects('agentGroup').slice(0, MAX_GROUPS)) {
        await this.store.noteDependency(this.urls.targetOf(group) ?? group.replace(/#.*$/u, ''), resource);
      }
    }
    // Recorded before the document is read, so that no later change is missed.
    return super.handle(input);
  }
}
