import { createHash } from 'node:crypto';
import { charge, COSTS } from '../access/costs';
import { Conflict } from '../event/Conflict';
import type { EventDraft } from '../event/Event';
import { InvalidInput } from '../event/InvalidInput';
import type { StoredIdentity } from '../store/AcceptedEvent';
import { DuplicateEvent } from '../store/DuplicateEvent';
import type { EventLog } from './ports';
import type { Published, PublishRequest } from './PublishRequest';
import { Turns } from './Turns';

/** Maximum number of times that a request meets another process that publishes one of its events. */
const MAX_RACES = 3;

/** Accepts the new events of a request. `complete` returns the result for the whole request. */
export type AcceptNew = (request: PublishRequest, complete: (published: Published) => Published) => Promise<Published>;

/** An event that has its final URL, or the index of a new event. */
type Position = Published['events'][number] | number;

interface Plan {
  /** Indices of the new events in the request. */
  readonly fresh: readonly number[];
  readonly positions: readonly Position[];
  readonly repeated: readonly number[];
}

/**
 * Publishes each event with an identity of its producer once per agent and pod, as long as the event is stored.
 *
 * A repeated event gets the URL of the first one. The public has no identity, so its events are all new.
 */
export class IdentifiedEvents {
  private readonly store: Pick<EventLog, 'findIdentified'>;
  private readonly turns = new Turns();

  /**
   * @param store - Holds the events.
   */
  public constructor(store: Pick<EventLog, 'findIdentified'>) {
    this.store = store;
  }

  /**
   * Accepts the events of a request that are new, all or none.
   *
   * @param request - The request, in canonical form.
   * @param repeat - Runs before the result is returned if no event is new, and can refuse it.
   * @param accept - Accepts the new events.
   *
   * @throws {@link Conflict} if an event with the same identity and another content is stored, or is in the request.
   */
  public async run(request: PublishRequest, repeat: () => Promise<void>, accept: AcceptNew): Promise<Published> {
    const { caller: { agent }, pod } = request;
    const identities = agent === undefined ? [] : request.drafts.map(storedIdentity);
    const hashes = [ ...new Set(identities.flatMap((identity): string[] => identity ? [ identity.hash ] : [])) ];
    if (hashes.length === 0) {
      return accept(request, (published): Published => published);
    }
    const names = hashes.map((hash): string => `${pod} ${agent} ${hash}`);
    return this.turns.run(names, async(): Promise<Published> => {
      for (let race = 1; ; race += 1) {
        try {
          const plan = await this.plan(request, identities, hashes);
          if (plan.fresh.length === 0) {
            await repeat();
          }
          return await acceptNew(request, plan, accept);
        } catch (error: unknown) {
          // Another process of the server stored one of the events first.
          if (!(error instanceof DuplicateEvent) || race === MAX_RACES) {
            throw error;
          }
        }
      }
    });
  }

  private async plan(
    { caller, pod, isArray }: PublishRequest,
    identities: readonly (StoredIdentity | undefined)[],
    hashes: readonly string[],
  ): Promise<Plan> {
    const stored = await this.store.findIdentified(pod, caller.agent!, hashes);
    const known = new Map<string, { readonly fingerprint: string; readonly position: Position }>(
      [ ...stored ].map(([ hash, { id, fingerprint }]) => [ hash, { fingerprint, position: { id, pod }}]),
    );
    const fresh: number[] = [];
    const repeated: number[] = [];
    const positions = identities.map((identity, index): Position => {
      const earlier = identity && known.get(identity.hash);
      if (!earlier) {
        fresh.push(index);
        if (identity) {
          known.set(identity.hash, { fingerprint: identity.fingerprint, position: index });
        }
        return index;
      }
      if (earlier.fingerprint !== identity.fingerprint) {
        throw new Conflict(`${isArray ? `[${index}]: ` : ''}Another event with this source and id was published: give each ` +
          'event an id of its own');
      }
      repeated.push(index);
      return earlier.position;
    });
    return { fresh, positions, repeated };
  }
}

/** Accepts the new events of a request, and adds the events that an earlier request has published. */
async function acceptNew(
  request: PublishRequest,
  { fresh, positions, repeated }: Plan,
  accept: AcceptNew,
): Promise<Published> {
  charge(repeated.length * COSTS.event);
  const complete = (published: Published): Published => ({
    ...published,
    events: positions.map((position): Published['events'][number] =>
      typeof position === 'number' ? published.events[fresh.indexOf(position)] : position),
    ...repeated.length > 0 && { repeated },
  });
  if (fresh.length === 0) {
    return complete({ events: []});
  }
  try {
    return await accept({ ...request, drafts: fresh.map((index): EventDraft => request.drafts[index]) }, complete);
  } catch (error: unknown) {
    throw error instanceof InvalidInput && error.index !== undefined ?
      new InvalidInput(error.message.replace(`[${error.index}]: `, '')).at(fresh[error.index]) :
      error;
  }
}

/**
 * Returns the identity of a draft as it is stored, if it has one.
 *
 * The fingerprint is independent of the mode in which the event was sent, and of the order of its attributes.
 */
export function storedIdentity(draft: EventDraft): StoredIdentity | undefined {
  const { identity, topic, recipients, sources, data, annotations = {}} = draft;
  if (!identity) {
    return undefined;
  }
  const attributes = Object.entries(annotations).sort(([ one ], [ other ]): number => one < other ? -1 : 1);
  return {
    hash: sha256([ identity.source, identity.id ]),
    fingerprint: sha256([ topic, recipients, sources, attributes, data ]),
  };
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
