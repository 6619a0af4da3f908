import type { Argv } from 'yargs';
import type { StreamedEvent } from '../../client';
import { listen } from '../../client';
import type { Command } from '../command';
import { CliError, EXIT, messageOf } from '../exit';
import { withLogin } from '../login';
import { prettyJson, visible } from '../print';
import { requireSetting } from '../settings';

/** Command `listen`: shows events as they arrive. */
export const listenCommand: Command = {
  usage: 'listen [url]',
  description: 'Show the events of a pod as they arrive, until Ctrl-C',
  build: (argv): Argv => argv
    .positional('url', { type: 'string', describe: 'URL of the container: {pod}publish/ or {pod}inbox/. Default: {pod}publish/' })
    .option('from', { type: 'string', describe: 'Begin at this time, in ISO 8601, or at the position of an earlier event' })
    .option('topic', { type: 'string', array: true, describe: 'Only this topic or pattern, such as realestate/*; repeatable' })
    .option('filter', { type: 'string', describe: 'Only events that match these filters, as a JSON array or object' })
    .example('$0 listen --pod https://me.example/ --topic \'realestate/*\' --json', ''),
  run: async(context): Promise<void> => {
    const { args, settings, io, print } = context;
    const container = typeof args.url === 'string' ? args.url : `${requireSetting(settings, 'pod', 'pod')}publish/`;
    const options = {
      from: args.from as string | undefined,
      topics: args.topic as string[] | undefined,
      filters: filtersOf(args.filter),
      onReconnect: (error?: unknown): void => {
        io.err(`Connection lost${error === undefined ? '' : ` (${visible(messageOf(error))})`}. Reconnecting.\n`);
      },
    };
    await withLogin(context, container, true, async(login): Promise<void> => {
      for await (const item of listen(container, { ...login, ...options })) {
        await print(item, describe(item));
      }
    });
  },
};

function filtersOf(text: unknown): object[] | undefined {
  if (typeof text !== 'string') {
    return undefined;
  }
  try {
    return [ JSON.parse(text) as object ].flat();
  } catch {
    throw new CliError(EXIT.usage, 'Invalid --filter: expected JSON, such as {"prefix":{"type":"realestate/"}}');
  }
}

function describe({ position, event }: StreamedEvent): string {
  const lines = [
    `${event.time ?? ''}  ${event.type}`,
    `  by    ${typeof event.authid === 'string' ? event.authid : 'an unauthenticated publisher'}`,
    `  event ${event.eventurl}`,
    `  at    ${position}`,
  ];
  return `${lines.map(visible).join('\n')}\n${event.data === undefined ? '' : prettyJson(event.data, 2)}\n`;
}
