import type { Argv } from 'yargs';
import type { EventFilter } from '../../client';
import { changeSubscription, subscribe, subscriptions, unsubscribe } from '../../client';
import type { Command } from '../command';
import { CliError, EXIT } from '../exit';
import { withLogin } from '../login';
import { visible } from '../print';
import { requireSetting } from '../settings';

/** Command `subscribe`: subscribes an inbox or webhook to a topic of a pod. */
export const subscribeCommand: Command = {
  usage: 'subscribe <topic>',
  description: 'Subscribe your inbox or webhook to a topic of a pod',
  build: (argv): Argv => argv
    .positional('topic', { type: 'string', describe: 'realestate/contact#add, realestate/contact (all its actions), "realestate/*" (all below) or "*"' })
    .option('inbox', { type: 'string', describe: 'URL of the inbox that receives the copies; a container on the server ends in /' })
    .option('webhook', { type: 'string', describe: 'URL of the webhook that receives the events; the server requests its consent' })
    .option('mode', { type: 'string', choices: [ 'structured', 'binary' ], describe: 'Content mode of the webhook; default structured' })
    .option('batch-events', { type: 'number', describe: 'Maximum number of events in one request to the webhook' })
    .option('batch-wait', { type: 'number', describe: 'Maximum wait for further events of a request, in milliseconds' })
    .option('filters', { type: 'string', describe: 'Filters of the events, a JSON array of CloudEvents filters' })
    .conflicts('inbox', [ 'webhook', 'mode', 'batch-events' ])
    .implies({ 'batch-events': 'batch-wait', 'batch-wait': 'batch-events' })
    .check(({ inbox, webhook }): boolean => {
      if (inbox === undefined && webhook === undefined) {
        throw new CliError(EXIT.usage, 'Missing target. Set --inbox or --webhook.');
      }
      return true;
    })
    .example('$0 subscribe realestate/contact --pod https://user.example/ --inbox https://me.example/inbox/', '')
    .example('$0 subscribe realestate/contact --pod https://user.example/ --webhook https://me.example/hook', '')
    .example('$0 subscribe "*" --pod https://user.example/ --inbox https://me.example/inbox/ --filters \'[{"prefix":{"type":"realestate/"}}]\'', ''),
  run: async(context): Promise<void> => {
    const pod = requireSetting(context.settings, 'pod', 'pod');
    await withLogin(context, pod, true, async(options): Promise<void> => {
      const { topic, inbox, webhook, mode, filters } = context.args as Record<string, never>;
      const { batchEvents, batchWait = 0 } = context.args as Readonly<Record<string, number | undefined>>;
      const batch = batchEvents === undefined ? undefined : { maxEvents: batchEvents, maxWaitMs: batchWait };
      const made = await subscribe(pod, { topic, inbox, webhook, mode, batch, filters: filtersOf(filters) }, options);
      const secret = made.secret === undefined ? '' : `\nSecret of the webhook, shown only once:\n${visible(made.secret)}\n`;
      await context.print(made, `${made.id}\n${secret}`);
    });
  },
};

/** Command `change`: changes the topic or the filters of a subscription. */
export const changeCommand: Command = {
  usage: 'change <url>',
  description: 'Change the topic or the filters of your subscription',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'URL of the subscription, as printed by "subscribe"' })
    .option('topic', { type: 'string', describe: 'The new topic' })
    .option('filters', { type: 'string', describe: 'The new filters, a JSON array; [] removes them' })
    .check(({ topic, filters }): boolean => {
      if (topic === undefined && filters === undefined) {
        throw new CliError(EXIT.usage, 'Missing change. Set --topic, --filters or both.');
      }
      return true;
    })
    .example('$0 change https://user.example/subscriptions/019b… --filters \'[{"exact":{"subject":"urgent"}}]\'', ''),
  run: async(context): Promise<void> => {
    const url = String(context.args.url);
    await withLogin(context, podOf(url), true, async(options): Promise<void> => {
      const { topic, filters } = context.args as Record<string, never>;
      const changed = await changeSubscription(url, { topic, filters: filtersOf(filters) }, options);
      await context.print(changed, 'Changed.\n');
    });
  },
};

/** Command `unsubscribe`: deletes a subscription. */
export const unsubscribeCommand: Command = {
  usage: 'unsubscribe <url>',
  description: 'Delete a subscription',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'URL of the subscription, as printed by "subscribe"' })
    .example('$0 unsubscribe https://user.example/subscriptions/019b…', ''),
  run: async(context): Promise<void> => {
    const url = String(context.args.url);
    await withLogin(context, podOf(url), true, async(options): Promise<void> => {
      await unsubscribe(url, options);
      await context.print({ id: url }, 'Deleted.\n');
    });
  },
};

/** Command `subscriptions`: lists the subscriptions of a pod. */
export const subscriptionsCommand: Command = {
  usage: 'subscriptions',
  description: 'List the subscriptions of a pod: all for its owner, otherwise your own',
  build: (argv): Argv => argv.example('$0 subscriptions --pod https://user.example/', ''),
  run: async(context): Promise<void> => {
    const pod = requireSetting(context.settings, 'pod', 'pod');
    await withLogin(context, pod, true, async(options): Promise<void> => {
      const found = await subscriptions(pod, options);
      const text = found.map(({ id, topic, inbox, webhook, filters, agent, created, state = 'active' }): string => [
        topic,
        `  url    ${id}`,
        `  agent  ${agent}`,
        webhook === undefined ? `  inbox  ${inbox}` : `  hook   ${webhook}`,
        ...filters === undefined ? [] : [ `  filter ${JSON.stringify(filters)}` ],
        `  since  ${created}`,
        `  state  ${state}`,
        '',
      ].map(visible).join('\n')).join('\n');
      await context.print(found, text || 'No visible subscriptions.\n');
    });
  },
};

/** Returns the pod of a subscription. */
function podOf(url: string): string {
  const pod = /^(https?:\/\/.+\/)subscriptions\/[^/]+$/u.exec(url)?.[1];
  if (pod === undefined) {
    throw new CliError(EXIT.usage, `Invalid subscription "${url}": expected a URL below {pod}subscriptions/`);
  }
  return pod;
}

/** Parses the value of an option with filters, which the server checks. */
function filtersOf(text: string | undefined): readonly EventFilter[] | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text) as readonly EventFilter[];
  } catch (error: unknown) {
    throw new CliError(EXIT.usage, `Invalid --filters: ${(error as Error).message}`);
  }
}
