import { AsyncLocalStorage } from 'node:async_hooks';
import type { CostAccount } from './CostBudget';

/**
 * Costs of work that a request causes, in units; one unit is about 1 ms of CPU.
 *
 * A cost is charged before its work begins, as soon as the amount of work is known.
 */
export const COSTS = {
  /** A request, regardless of its response. */
  request: 0.5,
  /** Verification of an access token that was not verified before. */
  newToken: 2,
  /** A KiB of a request body. */
  bodyKib: 1 / 16,
  /** An event that is created. */
  event: 0.5,
  /** A KiB of JSON-LD that a JSON-LD processor parses. */
  linkedDataKib: 6,
  /** Maximum cost of parsing one JSON-LD document, because its time is bounded. */
  linkedDataMax: 5_000,
  /** A recipient or source of an event. */
  addressee: 0.05,
  /** A lookup of a container, or of its access control document. */
  container: 0.5,
  /** A query of access control. */
  accessQuery: 5,
  /** A count of the subscriptions that would receive an event, for a dry run. */
  audience: 1,
  /** An evaluation of filters for a dry run. */
  filter: 0.05,
  /** A request to another server: a recipient, a webhook handshake, a profile. */
  remote: 10,
  /** An entry of a list as JSON. */
  listed: 0.1,
  /** An entry of a list converted to another RDF format. */
  converted: 0.5,
} as const;

interface Charging {
  readonly account: CostAccount;
  /** Whether work above the budget continues; then the agent's next request is refused instead. */
  readonly isLenient: boolean;
}

const charging = new AsyncLocalStorage<Charging>();

/**
 * Does the work of a request and charges its costs to an account.
 *
 * @param account - The account of the request.
 * @param work - Does the work.
 */
export async function chargeTo<T>(account: CostAccount, work: () => Promise<T>): Promise<T> {
  return charging.run({ account, isLenient: false }, work);
}

/**
 * Charges the account of the current request. Outside of a request this has no effect.
 *
 * @param units - The cost of the work that follows.
 *
 * @throws {@link TooMany} if the account does not cover it.
 */
export function charge(units: number): void {
  const current = charging.getStore();
  current?.account.charge(units, current.isLenient);
}

/** The account of the current request, if there is one. */
export function currentAccount(): CostAccount | undefined {
  return charging.getStore()?.account;
}

/**
 * Does work with a result that other requests may share. Charges its costs without refusal, so that no request fails
 * because of the budget of another agent.
 *
 * @param work - Does the work.
 */
export async function chargedLater<T>(work: () => Promise<T>): Promise<T> {
  const current = charging.getStore();
  return current ? charging.run({ ...current, isLenient: true }, work) : work();
}

/** The cost of parsing a JSON-LD document of a size in bytes. */
export function linkedDataCost(bytes: number): number {
  return Math.min(COSTS.linkedDataMax, bytes / 1_024 * COSTS.linkedDataKib);
}
