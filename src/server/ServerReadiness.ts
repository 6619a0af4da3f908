import cluster from 'node:cluster';
import type { Backlog } from '../delivery/Backlog';
import type { Readiness, ReadinessReport, WorkReport } from '../http/health/Readiness';
import type { Deliveries } from './Deliveries';
import type { FanOut } from './FanOut';
import type { StoreIntegrity } from './StoreIntegrity';
import type { StoreHealth } from '../pod/ports';

/** Maximum age, in milliseconds, of a cached report. */
const MAX_AGE = 1_000;
/** Maximum time, in milliseconds, to wait for another process's lock on the store. */
const LOCK_TIMEOUT = 1_000;
/** Maximum number of counted waiting items. */
const MAX_COUNT = 10_000;
/** Maximum time, in milliseconds, that work can be overdue on a ready server. */
const MAX_OVERDUE = 5 * 60_000;

const UNKNOWN: Backlog = { isRunning: false, waiting: 0 };

/**
 * Reports whether the store is writable and undamaged, and whether the fan-out and the deliveries keep up.
 *
 * The report is computed at most once a second.
 */
export class ServerReadiness implements Readiness {
  private readonly store: StoreHealth;
  private readonly integrity: StoreIntegrity;
  private readonly fanOut: FanOut;
  private readonly deliveries: Deliveries;
  private last?: { readonly until: number; readonly report: Promise<ReadinessReport> };

  /**
   * @param store - Tests the writability of the store.
   * @param integrity - Integrity state of the store.
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
      this.last = { until: performance.now() + MAX_AGE, report: this.createReport() };
    }
    return this.last.report;
  }

  private async createReport(): Promise<ReadinessReport> {
    const [ writable, fanOut, deliveries ] = await Promise.all([
      this.store.assertWritable(LOCK_TIMEOUT).then((): true => true, (): false => false),
      this.fanOut.backlog(MAX_COUNT).catch((): Backlog => UNKNOWN),
      this.deliveries.backlog(MAX_COUNT).catch((): Backlog => UNKNOWN),
    ]);
    const integrity = this.integrity.state;
    const isReady = writable && integrity !== 'damaged' && isKeepingUp(fanOut) && isKeepingUp(deliveries);
    return {
      status: isReady ? 'ready' : 'unavailable',
      store: { writable, integrity },
      fanOut: toReport(fanOut),
      deliveries: toReport(deliveries),
    };
  }
}

/** Whether work is running. The primary process does the work, so a worker process assumes that it is. */
function isRunning({ isRunning: runs }: Backlog): boolean {
  return runs || cluster.isWorker;
}

function isKeepingUp(backlog: Backlog): boolean {
  return isRunning(backlog) && (backlog.overdue ?? 0) <= MAX_OVERDUE;
}

function toReport(backlog: Backlog): WorkReport {
  const { waiting, overdue = 0 } = backlog;
  return { running: isRunning(backlog), waiting, oldestDueSeconds: Math.floor(overdue / 1_000) };
}
