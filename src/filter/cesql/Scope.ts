import type { FilteredEvent } from '../Filter';
import type { Steps } from '../Steps';

/** Input of one evaluation. */
export interface Scope {
  readonly event: FilteredEvent;
  /** Work that the evaluation may still do. */
  readonly steps: Steps;
}
