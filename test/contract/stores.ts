import type { AccessEpochs, FollowerList } from '../../src/access/ports';
import type { CatalogueStore } from '../../src/catalogue/CatalogueStore';
import type { RequestLog } from '../../src/catalogue/RequestLog';
import type {
  DeliveryHistory,
  FanOutStore,
  HostStates,
  QueueCounts,
  WorkerStore,
} from '../../src/delivery/ports';
import type { LogPages } from '../../src/http/ldes/ports';
import type { ListingStore } from '../../src/http/listing/ports';
import type { ApiKeyStore } from '../../src/identity/ApiKeyStore';
import type { RefreshTokenStore } from '../../src/identity/tokens/RefreshTokenStore';
import type { PodLifecycle } from '../../src/pod/PodLifecycle';
import type { AccessDependencies, ContainerWatches, NotificationIndex, OverlayStore, PodRegistry } from '../../src/pod/ports';
import type { EventLog, ReceptionStore } from '../../src/publish/ports';
import type { RetentionStore } from '../../src/server/ports';
import type { Openable } from '../../src/store/Openable';
import type { SecretStore, SubscriptionStore } from '../../src/subscription/ports';

/** All ports of events that an adapter implements. */
export type EventStore = Openable & AccessDependencies & AccessEpochs & ContainerWatches & EventLog & FanOutStore &
  FollowerList & ListingStore & LogPages & NotificationIndex & OverlayStore & PodRegistry & ReceptionStore & RetentionStore & SubscriptionStore;

/** All ports of deliveries that an adapter implements. */
export type DeliveryStore = Openable & DeliveryHistory & HostStates & QueueCounts & SecretStore & WorkerStore;

/** Faults and counts of a store, for tests of {@link PodLifecycle}. */
export interface LifecycleProbe {
  /** Number of stored events and copies, including those that no port returns. */
  countRows: () => number;
  /** Number of stored identities of events, including those that no port returns. */
  countIdentities: () => number;
  /** Numbers of stored chains of refresh tokens, and of answers to used tokens. */
  countTokens: () => { readonly chains: number; readonly answers: number };
  /**
   * Makes one of the next writes of this instance fail.
   *
   * @param write - Number of the write, from 1.
   *
   * @returns A function that returns the number of writes since then.
   */
  failWrite: (write: number) => () => number;
  /** Makes one of the next writes of this instance wait, before it begins, until it is released. */
  holdWrite: (write: number) => { readonly reached: Promise<void>; readonly release: () => void };
}

/** One instance of each adapter. They share a connection. */
export interface Stores {
  readonly events: EventStore;
  readonly deliveries: DeliveryStore;
  readonly catalogue: CatalogueStore;
  readonly keys: ApiKeyStore;
  readonly refreshTokens: RefreshTokenStore;
  readonly log: RequestLog;
  readonly lifecycle: PodLifecycle;
  readonly probe: LifecycleProbe;
}

/**
 * Opens one or more instances over the same new, empty data. Each instance has its own connection, like the instances
 * of different server processes.
 */
export type OpenStores<K extends keyof Stores> = () => Promise<readonly Pick<Stores, K>[]>;

/** Methods with state of one process: decisions of access and filters, and the rotation of the pods. */
const OF_ONE_PROCESS = new Set([ 'closeScope', 'decide', 'fanOutStep', 'learn', 'openScope', 'pendingForwards', 'undecided' ]);

/**
 * Joins instances over the same data to one: each call goes to the next instance. So each case with one connection also
 * runs as if its calls came from several processes.
 */
export function shared<T extends object>(instances: readonly T[]): T {
  if (instances.length === 1) {
    return instances[0];
  }
  let calls = 0;
  const next = (): number => {
    calls += 1;
    return calls % instances.length;
  };
  const ports = (Object.keys(instances[0]) as (keyof T)[]).map((name): [keyof T, unknown] =>
    [ name, joined(instances.map((stores): object => stores[name] as object), next) ]);
  return Object.fromEntries(ports) as T;
}

type Method = (...parameters: unknown[]) => unknown;

/** Joins instances of one port, see {@link shared}. */
export function joined<T extends object>(instances: readonly T[], next: () => number): T {
  return new Proxy(instances[0], {
    get(_target, name): Method {
      const methodOf = (instance: T): Method => (instance as Record<string | symbol, Method>)[name].bind(instance);
      if (name === 'open' || name === 'close') {
        return async(): Promise<void> => {
          for (const instance of instances) {
            await methodOf(instance)();
          }
        };
      }
      return methodOf(instances[OF_ONE_PROCESS.has(String(name)) ? 0 : next()]);
    },
  });
}
