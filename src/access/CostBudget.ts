import { createHash } from 'node:crypto';
import type { Caller } from '../identity/Caller';
import { AGENT_PATH } from '../identity/ServerAgent';
import { TooMany } from '../event/TooMany';

/** Maximum number of stored payers; above it, the least recently charged payer is removed. */
const MAX_PAYERS = 50_000;
/** Maximum length of a stored name, in characters; longer names are hashed. */
const MAX_NAME_LENGTH = 200;

interface Level {
  units: number;
  /** Time of the last update, by `performance.now()`. */
  at: number;
}

/** A payer and its budget. */
interface Payer {
  readonly name: string;
  /** Name in messages. */
  readonly shown: string;
  readonly perMinute: number;
}

/**
 * Limits the cost of requests, in units of about 1 ms of CPU.
 *
 * An agent has a budget for each minute. The agents of one foreign issuer also share a budget. The agent of a foreign
 * server has only the shared one, because it sends for all agents of its server. Public requests are counted for each
 * pod and client address. Costs drain continuously, so the budget of a minute is also the maximum burst.
 *
 * Memory is bounded. Each process counts for itself.
 */
export class CostBudget {
  private readonly issuer: string;
  private readonly perMinute: number;
  private readonly perIssuer: number;
  /** In the order of their last payment. */
  private readonly levels = new Map<string, Level>();

  /**
   * @param issuer - Base URL of this server, the issuer of local agents.
   * @param perMinute - Units of an agent in a minute, and of the public for each pod and client address; 0 for no
   *                    limit. Default 12,000.
   * @param perIssuer - Units of all agents of one foreign issuer in a minute. Default 48,000.
   */
  public constructor(issuer: string, perMinute = 12_000, perIssuer = 48_000) {
    this.issuer = issuer;
    this.perMinute = perMinute;
    this.perIssuer = perIssuer;
  }

  /**
   * Opens the account of a request without a known payer.
   *
   * @param pod - Base URL of the pod.
   * @param address - Client address.
   */
  public open(pod: string, address: string): CostAccount {
    return new CostAccount(this, pod, address);
  }

  /** The payers of a request. */
  public payersOf({ agent, issuer }: Caller, pod: string, address: string): readonly Payer[] {
    if (agent === undefined) {
      const shown = `the public at ${pod} from your address`;
      return [{ name: `public ${shortened(`${pod} ${address}`)}`, shown, perMinute: this.perMinute }];
    }
    const own = { name: `agent ${shortened(agent)}`, shown: agent, perMinute: this.perMinute };
    if (issuer === undefined || withSlash(issuer) === withSlash(this.issuer)) {
      return [ own ];
    }
    const common = { name: `issuer ${shortened(issuer)}`, shown: `the agents of ${issuer}`, perMinute: this.perIssuer };
    return agent === `${withSlash(issuer)}${AGENT_PATH}#this` ? [ common ] : [ own, common ];
  }

  /**
   * Charges payers.
   *
   * @param payers - The payers; all or none of them are charged.
   * @param units - The cost.
   * @param isForced - Whether the cost is charged even if it exceeds a budget, because the work was already done.
   *
   * @throws {@link TooMany} if it exceeds a budget and is not forced.
   */
  public charge(payers: readonly Payer[], units: number, isForced: boolean): void {
    if (this.perMinute <= 0) {
      return;
    }
    const now = performance.now();
    const levels = payers.map((payer): Level => this.levelOf(payer, now));
    for (const [ index, { shown, perMinute }] of isForced ? [] : payers.entries()) {
      const excess = levels[index].units + units - perMinute;
      if (excess > 0) {
        throw new TooMany(
          `The requests of ${shown} cost more than the ${perMinute} units a minute that are accepted: wait, or ask for less`,
          Math.min(60, Math.max(1, Math.ceil(excess / perMinute * 60))),
        );
      }
    }
    for (const [ index, { name }] of payers.entries()) {
      levels[index].units += units;
      this.levels.delete(name);
      this.levels.set(name, levels[index]);
    }
    for (const oldest of this.levels.keys()) {
      if (this.levels.size <= MAX_PAYERS) {
        break;
      }
      this.levels.delete(oldest);
    }
  }

  private levelOf({ name, perMinute }: Payer, now: number): Level {
    const { units, at } = this.levels.get(name) ?? { units: 0, at: now };
    return { units: Math.max(0, units - (now - at) / 60_000 * perMinute), at: now };
  }
}

/**
 * The account of one request.
 *
 * Costs are noted until the payer is known: the caller, once its credentials are verified, or else the client address.
 */
export class CostAccount {
  /** Address of the client. */
  public readonly address: string;
  private readonly budget: CostBudget;
  private pod: string;
  private pending = 0;
  private payers?: readonly Payer[];
  private isClosed = false;

  public constructor(budget: CostBudget, pod: string, address: string) {
    this.budget = budget;
    this.pod = pod;
    this.address = address;
  }

  /** Name of the payer; the name of the public until the payer is known. */
  public get payer(): string {
    return (this.payers ?? this.budget.payersOf({}, this.pod, this.address))[0].name;
  }

  /** Whether the payer is not known to be an agent. */
  public get isPublic(): boolean {
    return this.payer.startsWith('public ');
  }

  /** Counts the request for another pod, because the pod in its URL does not exist. */
  public moveTo(pod: string): void {
    this.pod = pod;
  }

  /**
   * Makes the caller the payer, unless a payer is known.
   *
   * @param caller - The caller.
   *
   * @throws {@link TooMany} if its budget does not cover the costs so far. The request must be refused then.
   */
  public identify(caller: Caller): void {
    if (!this.payers && !this.isClosed) {
      this.payers = this.budget.payersOf(caller, this.pod, this.address);
      const units = this.pending;
      this.pending = 0;
      this.budget.charge(this.payers, units, false);
    }
  }

  /**
   * Charges a cost.
   *
   * @param units - The cost.
   * @param isForced - Whether it is charged even if it exceeds the budget.
   *
   * @throws {@link TooMany} if it exceeds the budget and is not forced.
   */
  public charge(units: number, isForced = false): void {
    if (this.isClosed) {
      return;
    }
    if (this.payers) {
      this.budget.charge(this.payers, units, isForced);
    } else {
      this.pending += units;
    }
  }

  /** Closes the account after the response; later charges have no effect. */
  public close(): void {
    this.isClosed = true;
  }
}

/** Returns a name of bounded length, because clients choose names and many are stored. */
function shortened(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : createHash('sha256').update(name).digest('base64');
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
