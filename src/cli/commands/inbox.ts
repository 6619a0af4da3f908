import type { Argv } from 'yargs';
import type { InboxEvent } from '../../client';
import { handleInbox, readInbox } from '../../client';
import type { Command } from '../command';
import { withLogin } from '../login';
import { prettyJson, visible } from '../print';
import { requireSetting } from '../settings';

/** Command `inbox`: shows the events in an inbox. */
export const inboxCommand: Command = {
  usage: 'inbox [url]',
  description: 'Show the events in an inbox, oldest first',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'URL of the inbox. Default: {pod}inbox/' })
    .option('follow', { alias: 'f', type: 'boolean', describe: 'Wait for new events, until Ctrl-C' })
    .option('delete', { type: 'boolean', describe: 'Delete each copy after printing it' })
    .example('$0 inbox https://me.example/inbox/ --follow --json', ''),
  run: async(context): Promise<void> => {
    const { args, settings, io, print } = context;
    const inbox = typeof args.url === 'string' ? args.url : `${requireSetting(settings, 'pod', 'pod')}inbox/`;
    const show = async(item: InboxEvent): Promise<void> => print(item, describe(item));
    await withLogin(context, inbox, false, async(login): Promise<void> => {
      const options = {
        ...login,
        wait: args.follow === true,
        onSkip: (url: string, reason: string): void => io.err(`Skipped: ${visible(url)} (${reason})\n`),
      };
      if (args.delete === true) {
        await handleInbox(inbox, show, options);
      } else {
        for await (const item of readInbox(inbox, options)) {
          await show(item);
        }
      }
    });
  },
};

function describe({ url, event }: InboxEvent): string {
  const lines = [
    `${event.published}  ${event.topic}`,
    `  by    ${event.publisher ?? 'an unauthenticated publisher'}`,
    ...[ event.recipient ?? [] ].flat().map((webId): string => `  to    ${webId}`),
    ...[ event.source ?? [] ].flat().map((webId): string => `  with  ${webId}`),
    `  copy  ${url}`,
  ];
  return `${lines.map(visible).join('\n')}\n${event.data === undefined ? '' : prettyJson(event.data, 2)}\n`;
}
