import type { Argv } from 'yargs';
import { subscribe, subscriptions, unsubscribe } from '../../client';
import type { Command } from '../command';
import { CliError, EXIT } from '../exit';
import { loggedIn } from '../login';
import { visible } from '../print';
import { needed } from '../settings';

/** `subscribe`: follows a topic of somebody's pod. */
export const subscribeCommand: Command = {
  usage: 'subscribe <topic>',
  description: 'Follow a topic of a pod: its events are delivered to your inbox or webhook',
  build: (argv): Argv => argv
    .positional('topic', { type: 'string', describe: 'realestate/contact#add, realestate/contact (all its actions), "realestate/*" (all below) or "*"' })
    .option('inbox', { type: 'string', describe: 'The inbox that gets the copies; the URL of a container of the server ends in /' })
    .option('webhook', { type: 'string', describe: 'The webhook that gets them instead, which is asked whether it agrees' })
    .conflicts('inbox', 'webhook')
    .check(({ inbox, webhook }): boolean => {
      if (inbox === undefined && webhook === undefined) {
        throw new CliError(EXIT.usage, 'Where to? Name an inbox by --inbox, or a webhook by --webhook.');
      }
      return true;
    })
    .example('$0 subscribe realestate/contact --pod https://user.example/ --inbox https://me.example/inbox/', '')
    .example('$0 subscribe realestate/contact --pod https://user.example/ --webhook https://me.example/hook', ''),
  run: async(context): Promise<void> => {
    const pod = needed(context.settings, 'pod', 'pod');
    await loggedIn(context, pod, true, async(options): Promise<void> => {
      const { topic, inbox, webhook } = context.args as Record<string, never>;
      const made = await subscribe(pod, { topic, inbox, webhook }, options);
      const secret = made.secret === undefined ? '' : `\nThe secret of the webhook, which is shown only now:\n${visible(made.secret)}\n`;
      await context.print(made, `${made.id}\n${secret}`);
    });
  },
};

/** `unsubscribe`: ends a subscription. */
export const unsubscribeCommand: Command = {
  usage: 'unsubscribe <url>',
  description: 'End a subscription',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'The URL of the subscription, as "subscribe" printed it' })
    .example('$0 unsubscribe https://user.example/subscriptions/019b…', ''),
  run: async(context): Promise<void> => {
    const url = String(context.args.url);
    const pod = /^(https?:\/\/.+\/)subscriptions\/[^/]+$/u.exec(url)?.[1];
    if (pod === undefined) {
      throw new CliError(EXIT.usage, `Invalid subscription "${url}": it is a URL below {pod}subscriptions/`);
    }
    await loggedIn(context, pod, true, async(options): Promise<void> => {
      await unsubscribe(url, options);
      await context.print({ id: url }, 'Ended.\n');
    });
  },
};

/** `subscriptions`: who follows what. */
export const subscriptionsCommand: Command = {
  usage: 'subscriptions',
  description: 'List the subscriptions of a pod that you may see',
  build: (argv): Argv => argv.example('$0 subscriptions --pod https://user.example/', ''),
  run: async(context): Promise<void> => {
    const pod = needed(context.settings, 'pod', 'pod');
    await loggedIn(context, pod, true, async(options): Promise<void> => {
      const found = await subscriptions(pod, options);
      const text = found.map(({ id, topic, inbox, webhook, agent, created, state = 'active' }): string => [
        topic,
        `  url    ${id}`,
        `  agent  ${agent}`,
        webhook === undefined ? `  inbox  ${inbox}` : `  hook   ${webhook}`,
        `  since  ${created}`,
        `  state  ${state}`,
        '',
      ].map(visible).join('\n')).join('\n');
      await context.print(found, text || 'There are no subscriptions that you may see.\n');
    });
  },
};
