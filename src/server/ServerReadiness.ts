import cluster from 'node:cluster';
import type { Backlog } from '../delivery/Backlog';
import type { Readiness, ReadinessReport, WorkReport } from '../http/health/Readiness';
import type { Deliveries } from './Deliveries';
import type { FanOut } from './FanOut';
import type { StoreIntegrity } from './StoreIntegrity';
import type { StoreHealth } from '../pod/ports';

/** For how long, in milliseconds, a report is given again. */
const MAX_AGE = 1_000;
/** Maximum time, in milliseconds, to wait for another process's lock on the store. */
const PATIENCE = 1_000;
/** Up to how many pieces of work are counted. */
const COUNTED = 10_000;
/** Age of due work, in milliseconds, from which on the server is not ready. */
const OVERDUE = 5 * 60_000;

const UNKNOWN: Backlog = { isRunning: false, waiting: 0 };

/**
 * Tells whether the store can be written and is whole, and whether the fan-out and the deliveries keep up. Is worked
 * out once a second at most, however many ask.
 */
export class ServerReadiness implements Readiness {
  private readonly store: StoreHealth;
  private readonly integrity: StoreIntegrity;
  private readonly fanOut: FanOut;
  private readonly deliveries: Deliveries;
  private last?: { readonly until: number; readonly report: Promise<ReadinessReport> };

  /**
   * @param store - Is asked whether it can be written.
   * @param integrity - Knows whether the store is whole.
   * @param fanOut - The fan-out.
   * @param deliveries - The delivery worker.
   */
  public constructor(store: StoreHealth, integrity: StoreIntegrity, fanOut: FanOut, deliveries: Deliveries) {
    this.store = store;
    this.integrity = integrity;
    this.fanOut = fanOut;
    this.deliveries = deliveries;
  }

  public async report(): Promise<ReadinessReport> {
    if (!this.last || this.last.until < performance.now()) {
      this.last = { until: performance.now() + MAX_AGE, report: this.make() };
    }
    return this.last.report;
  }

  private async make(): Promise<ReadinessReport> {
    const [ writable, fanOut, deliveries ] = await Promise.all([
      this.store.assertWritable(PATIENCE).then((): true => true, (): false => false),
      this.fanOut.backlog(COUNTED).catch((): Backlog => UNKNOWN),
      this.deliveries.backlog(COUNTED).catch((): Backlog => UNKNOWN),
    ]);
    const integrity = this.integrity.state;
    const isReady = writable && integrity !== 'damaged' && keepsUp(fanOut) && keepsUp(deliveries);
    return {
      status: isReady ? 'ready' : 'unavailable',
      store: { writable, integrity },
      fanOut: toReport(fanOut),
      deliveries: toReport(deliveries),
    };
  }
}

/** The primary process of several does the work; a worker process cannot tell whether it does. */
function isRunning({ isRunning: runs }: Backlog): boolean {
  return runs || cluster.isWorker;
}

function keepsUp(backlog: Backlog): boolean {
  return isRunning(backlog) && (backlog.overdue ?? 0) <= OVERDUE;
}

function toReport(backlog: Backlog): WorkReport {
  const { waiting, overdue = 0 } = backlog;
  return { running: isRunning(backlog), waiting, oldestDueSeconds: Math.floor(overdue / 1_000) };
}
