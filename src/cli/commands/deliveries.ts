import type { Argv } from 'yargs';
import { deliveries, redeliver, replay } from '../../client';
import type { DeliveryState, PodDelivery } from '../../client';
import type { Command } from '../command';
import { CliError, EXIT } from '../exit';
import { withLogin } from '../login';
import { table } from '../print';
import { requireSetting } from '../settings';

const STATES: readonly DeliveryState[] = [ 'waiting', 'delivered', 'dead', 'refused', 'ended' ];
const MAX_PAGE_SIZE = 1_000;

/** Command `deliveries`: lists deliveries and their states. */
export const deliveriesCommand: Command = {
  usage: 'deliveries',
  description: 'List the deliveries of a pod to other servers and webhooks, newest first',
  build: (argv): Argv => argv
    .option('event', { type: 'string', describe: 'Deliveries of this event: URL or id' })
    .option('subscription', { type: 'string', describe: 'Deliveries for this subscription: URL or id' })
    .option('state', { choices: STATES, describe: 'Deliveries in this state' })
    .option('since', { type: 'string', describe: 'Deliveries created at this time or later, in ISO 8601' })
    .option('until', { type: 'string', describe: 'Deliveries created before this time' })
    .option('limit', { type: 'number', default: 100, describe: 'Maximum number of deliveries' })
    .example('$0 deliveries --pod https://user.example/ --state dead', ''),
  run: async(context): Promise<void> => {
    const pod = requireSetting(context.settings, 'pod', 'pod');
    const { event, subscription, state, since, until, limit } = context.args as Record<string, never>;
    if (!(Number.isInteger(limit) && limit > 0)) {
      throw new CliError(EXIT.usage, 'Invalid --limit: expected a positive integer');
    }
    await withLogin(context, pod, true, async(options): Promise<void> => {
      const found: PodDelivery[] = [];
      const wanted = { ...options, event, subscription, state, since, until, pageSize: Math.min(limit, MAX_PAGE_SIZE) };
      for await (const delivery of deliveries(pod, wanted)) {
        found.push(delivery);
        if (found.length >= limit) {
          break;
        }
      }
      await context.print(found, found.length > 0 ?
        table([ 'SINCE', 'STATE', 'TRIES', 'LAST', 'TOPIC', 'TARGET', 'DELIVERY' ], found.map(toRow)) :
        'No visible deliveries match.\n');
    });
  },
};

function toRow({ id, state, topic, target, created, attempts }: PodDelivery): string[] {
  const last = attempts.at(-1);
  return [ created, state, `${attempts.length}`, `${last?.status ?? last?.reason ?? '-'}`, topic, target, id ];
}

/** Command `redeliver`: repeats one delivery. */
export const redeliverCommand: Command = {
  usage: 'redeliver <url>',
  description: 'Repeat a delivery in any state',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'URL of the delivery, as printed by "deliveries"' })
    .example('$0 redeliver https://user.example/deliveries/17', ''),
  run: async(context): Promise<void> => {
    const url = String(context.args.url);
    await withLogin(context, podOf(url, 'deliveries'), true, async(options): Promise<void> => {
      const delivery = await redeliver(url, options);
      await context.print(delivery, 'The delivery is waiting for its next attempt.\n');
    });
  },
};

/** Command `replay`: delivers retained events to a subscription again. */
export const replayCommand: Command = {
  usage: 'replay <url>',
  description: 'Deliver the retained events of a pod to a subscription again',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'URL of the subscription, as printed by "subscriptions"' })
    .option('since', { type: 'string', demandOption: true, describe: 'Events published at this time or later, in ISO 8601' })
    .option('until', { type: 'string', describe: 'Events published before this time. Default: now' })
    .example('$0 replay https://user.example/subscriptions/019b… --since 2026-01-31', ''),
  run: async(context): Promise<void> => {
    const { url, since, until } = context.args as Record<string, never>;
    await withLogin(context, podOf(url, 'subscriptions'), true, async(options): Promise<void> => {
      const events = await replay(url, { since, until }, options);
      await context.print({ events }, `Replayed events: ${events}\n`);
    });
  },
};

/** Returns the base URL of the pod from the URL of a delivery or subscription. */
function podOf(url: string, container: 'deliveries' | 'subscriptions'): string {
  const pod = new RegExp(`^(https?://.+/)${container}/[^/?#]+$`, 'u').exec(url)?.[1];
  if (pod === undefined) {
    throw new CliError(EXIT.usage, `Invalid URL "${url}": expected a URL below {pod}${container}/`);
  }
  return pod;
}
