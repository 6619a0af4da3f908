import type { Argv } from 'yargs';
import { deliveries, redeliver, replay } from '../../client';
import type { DeliveryState, PodDelivery } from '../../client';
import type { Command } from '../command';
import { CliError, EXIT } from '../exit';
import { loggedIn } from '../login';
import { table } from '../print';
import { needed } from '../settings';

const STATES: readonly DeliveryState[] = [ 'waiting', 'delivered', 'dead', 'refused', 'ended' ];
const MOST_PAGE = 1_000;

/** `deliveries`: what became of them. */
export const deliveriesCommand: Command = {
  usage: 'deliveries',
  description: 'List deliveries of a pod to other servers and webhooks that you may see, newest first',
  build: (argv): Argv => argv
    .option('event', { type: 'string', describe: 'Only those of this event: its URL or id' })
    .option('subscription', { type: 'string', describe: 'Only those for this subscription: its URL or id' })
    .option('state', { choices: STATES, describe: 'Only those in this state' })
    .option('since', { type: 'string', describe: 'Only those from this moment on, in ISO 8601' })
    .option('until', { type: 'string', describe: 'Only those before this moment' })
    .option('limit', { type: 'number', default: 100, describe: 'The most to list' })
    .example('$0 deliveries --pod https://user.example/ --state dead', ''),
  run: async(context): Promise<void> => {
    const pod = needed(context.settings, 'pod', 'pod');
    const { event, subscription, state, since, until, limit } = context.args as Record<string, never>;
    if (!(Number.isInteger(limit) && limit > 0)) {
      throw new CliError(EXIT.usage, '--limit is a whole number from 1 on');
    }
    await loggedIn(context, pod, true, async(options): Promise<void> => {
      const found: PodDelivery[] = [];
      const wanted = { ...options, event, subscription, state, since, until, pageSize: Math.min(limit, MOST_PAGE) };
      for await (const delivery of deliveries(pod, wanted)) {
        found.push(delivery);
        if (found.length >= limit) {
          break;
        }
      }
      await context.print(found, found.length > 0 ?
        table([ 'SINCE', 'STATE', 'TRIES', 'LAST', 'TOPIC', 'TARGET', 'DELIVERY' ], found.map(toRow)) :
        'There are no such deliveries that you may see.\n');
    });
  },
};

function toRow({ id, state, topic, target, created, attempts }: PodDelivery): string[] {
  const last = attempts.at(-1);
  return [ created, state, `${attempts.length}`, `${last?.status ?? last?.reason ?? '-'}`, topic, target, id ];
}

/** `redeliver`: makes one again. */
export const redeliverCommand: Command = {
  usage: 'redeliver <url>',
  description: 'Make a delivery again, whatever became of it',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'The URL of the delivery, as "deliveries" printed it' })
    .example('$0 redeliver https://user.example/deliveries/17', ''),
  run: async(context): Promise<void> => {
    const url = String(context.args.url);
    await loggedIn(context, podOf(url, 'deliveries'), true, async(options): Promise<void> => {
      const delivery = await redeliver(url, options);
      await context.print(delivery, 'It is being delivered again.\n');
    });
  },
};

/** `replay`: makes many again. */
export const replayCommand: Command = {
  usage: 'replay <url>',
  description: 'Deliver to a subscription again what its pod has forwarded, as far as the subscriber may read it now',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'The URL of the subscription, as "subscriptions" printed it' })
    .option('since', { type: 'string', demandOption: true, describe: 'Events from this moment on, in ISO 8601' })
    .option('until', { type: 'string', describe: 'Events before this moment; default now' })
    .example('$0 replay https://user.example/subscriptions/019b… --since 2026-01-31', ''),
  run: async(context): Promise<void> => {
    const { url, since, until } = context.args as Record<string, never>;
    await loggedIn(context, podOf(url, 'subscriptions'), true, async(options): Promise<void> => {
      const events = await replay(url, { since, until }, options);
      await context.print({ events }, `Events that are delivered again: ${events}\n`);
    });
  },
};

/** The pod below which a URL lies. */
function podOf(url: string, container: 'deliveries' | 'subscriptions'): string {
  const pod = new RegExp(`^(https?://.+/)${container}/[^/?#]+$`, 'u').exec(url)?.[1];
  if (pod === undefined) {
    throw new CliError(EXIT.usage, `Invalid URL "${url}": it is one below {pod}${container}/`);
  }
  return pod;
}
