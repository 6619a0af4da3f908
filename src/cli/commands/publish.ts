import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { DryRunResult } from '../../client/publish';
import { checkPublishJson, publishJson } from '../../client/publish';
import type { Command, Context } from '../command';
import { CliError, EXIT } from '../exit';
import { withLogin } from '../login';
import { requireSetting } from '../settings';

/** Command `publish`: publishes an event through a pod, or runs a dry run. */
export const publishCommand: Command = {
  usage: 'publish <topic>',
  description: 'Publish an event through your pod',
  build: (argv): Argv => argv
    .positional('topic', { type: 'string', describe: '{domain}/{topic}#{action}, such as realestate/contact#add' })
    .option('to', { type: 'string', array: true, demandOption: true, describe: 'WebID of a recipient; repeatable' })
    .option('source', { type: 'string', array: true, describe: 'WebID of a participant; repeatable' })
    .option('data', { type: 'string', nargs: 1, describe: 'Data of the event, as JSON; "-" reads the standard input' })
    .option('file', { type: 'string', nargs: 1, describe: 'File with the data; "-" reads the standard input' })
    .option('key', { type: 'string', nargs: 1, describe: 'Idempotency key: a request repeated with it publishes once' })
    .option('check', { type: 'boolean', describe: 'Dry run: print the expected result and publish nothing' })
    .example('$0 publish realestate/contact#add --to https://user.example/card#me --data \'{ "name": "Bruce Wayne" }\'', ''),
  run: async(context): Promise<void> => {
    const { args, settings } = context;
    const pod = requireSetting(settings, 'pod', 'pod');
    const data = await readData(context);
    const head = JSON.stringify({ recipient: args.to, source: args.source, topic: args.topic });
    await withLogin(context, pod, true, async(options): Promise<void> => {
      // Sent as written, because parsing would change numbers.
      const text = `${head.slice(0, -1)},"data":${data}}`;
      if (args.check) {
        const [ forecast ] = await checkPublishJson(pod, text, options);
        await context.print(forecast, describe(forecast));
        if (!forecast.accepted) {
          throw new CliError(EXIT.failed, 'The event would not be published.');
        }
        return;
      }
      const published = await publishJson(pod, text, { ...options, key: args.key as string | undefined });
      await context.print(published, `${published.id}\n`);
    });
  },
};

function describe(forecast: DryRunResult): string {
  if (!forecast.accepted) {
    return `The event would be refused (${forecast.status}): ${forecast.error}\n`;
  }
  const { subscriptions, elsewhere, unreachable = []} = forecast;
  const others = elsewhere.map((webId): string => `The server of ${webId} decides for itself\n`);
  const problems = unreachable.map(({ reason }): string => `Currently unreachable: ${reason}\n`);
  return `The event would be accepted and copied to ${subscriptions} subscription${subscriptions === 1 ? '' : 's'}\n` +
    `${others.join('')}${problems.join('')}`;
}

async function readData({ args, io }: Context): Promise<string> {
  const { data, file } = args as { data?: string; file?: string };
  if ((data === undefined) === (file === undefined)) {
    throw new CliError(EXIT.usage, 'Missing data. Set either --data or --file; "-" reads the standard input.');
  }
  let text = data ?? '';
  if (text === '-' || file === '-') {
    text = await io.readInput();
  } else if (file !== undefined) {
    text = await readFile(resolve(io.cwd, file), 'utf8').catch((error: unknown): never => {
      throw new CliError(EXIT.usage, `Cannot read the file of --file: ${(error as Error).message}`);
    });
  }
  try {
    JSON.parse(text);
  } catch (error: unknown) {
    throw new CliError(EXIT.usage, `The data is not valid JSON: ${(error as Error).message}. Quote strings: --data '"hello"'`);
  }
  return text;
}
