import type { EventFilters } from '../subscription/FilterMatcher';
import type { FilterDecisionStore, PendingForward } from './ports';

/**
 * Decides the filters of subscriptions before fan-out steps, once for each event and distinct filters.
 */
export class FilterDecisions {
  /**
   * @param store - Storage of decisions.
   * @param filters - Evaluates filters.
   */
  public constructor(
    private readonly store: FilterDecisionStore,
    private readonly filters: EventFilters,
  ) {}

  /**
   * Decides the undecided filters for an event, and for the next ones of its pod and topic.
   *
   * @returns Whether any were undecided.
   */
  public async decide(forward: PendingForward): Promise<boolean> {
    const undecided = await this.store.undecided(forward);
    for (const { event, filters } of undecided) {
      const found = await this.store.eventOf(event);
      if (found) {
        const matching = await this.filters.matching(found, filters.map(({ text }): string => text));
        const matches = filters.map(({ id, text }): [number, boolean] => [ id, matching.has(text) ]);
        await this.store.decide({ pod: forward.pod, event }, new Map(matches));
      }
    }
    return undecided.length > 0;
  }
}
