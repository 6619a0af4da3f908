import type { LandedCopy } from '../store/EventStore';

/**
 * Is told of copies that have landed in a container that somebody watches.
 */
export interface CopyListener {
  /** Must not throw; what it does is not waited for. */
  landed: (copy: LandedCopy) => void;
}
