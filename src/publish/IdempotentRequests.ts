import type { IdempotencyKey, StoredResponse } from '../store/idempotency';
import { repeatedResult } from '../store/idempotency';
import type { EventLog } from './ports';
import type { Admission, NamedKey } from './PublishRequest';
import { Turns } from './Turns';

/** The caller and the pod of a request. */
type Sender = Pick<Admission, 'pod' | 'caller'>;

/**
 * Runs each request with an idempotency key once, and returns the stored response to its repeats.
 */
export class IdempotentRequests {
  private readonly store: Pick<EventLog, 'findResponse'>;
  /** Requests in progress, by pod, agent and key. */
  private readonly turns = new Turns();

  /**
   * @param store - Holds the responses.
   */
  public constructor(store: Pick<EventLog, 'findResponse'>) {
    this.store = store;
  }

  /**
   * Returns the response to a request with this key from the last 24 hours, without comparing fingerprints.
   */
  public async find(sender: Sender, key: string): Promise<StoredResponse | undefined> {
    return this.store.findResponse(completed(sender, { key, fingerprint: '' }));
  }

  /**
   * Returns the stored response to a repeated request, or runs a new one.
   *
   * Requests with the same key wait for each other. A request that fails is not stored, so that a repeat runs again.
   *
   * @param sender - The caller and the pod.
   * @param named - The key.
   * @param repeat - Runs before the stored response is returned, and can refuse it.
   * @param run - Runs a new request, and stores its result under the given key.
   *
   * @throws `Conflict` if another request was made with the same key.
   */
  public async run<T>(
    sender: Sender,
    named: NamedKey,
    repeat: () => Promise<void>,
    run: (key: IdempotencyKey) => Promise<T>,
  ): Promise<T> {
    const key = completed(sender, named);
    return this.turns.run([ JSON.stringify([ key.pod, key.agent, key.key ]) ], async(): Promise<T> => {
      const stored = await this.store.findResponse(key);
      if (!stored) {
        return run(key);
      }
      await repeat();
      return repeatedResponse<T>(stored, key);
    });
  }
}

/**
 * Returns the result of the first request with a key.
 *
 * @throws `Conflict` if that was another request.
 */
export function repeatedResponse<T>(stored: StoredResponse, key: NamedKey): T {
  return JSON.parse(repeatedResult(stored, key)) as T;
}

function completed({ pod, caller: { agent }}: Sender, named: NamedKey): IdempotencyKey {
  return { ...named, pod, ...agent !== undefined && { agent }};
}
