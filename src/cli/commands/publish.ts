import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { DryRunResult } from '../../client/publish';
import { checkPublishJson, publishJson } from '../../client/publish';
import type { Command, Context } from '../command';
import { CliError, EXIT } from '../exit';
import { loggedIn } from '../login';
import { needed } from '../settings';

/** `publish`: publishes an event through one's pod. */
export const publishCommand: Command = {
  usage: 'publish <topic>',
  description: 'Publish an event through your pod',
  build: (argv): Argv => argv
    .positional('topic', { type: 'string', describe: '{domain}/{topic}#{action}, such as realestate/contact#add' })
    .option('to', { type: 'string', array: true, demandOption: true, describe: 'A WebID whose pod gets it; may be repeated' })
    .option('source', { type: 'string', array: true, describe: 'A WebID that took part in it; may be repeated' })
    .option('data', { type: 'string', nargs: 1, describe: 'What is published, as JSON; "-" reads it from the standard input' })
    .option('file', { type: 'string', nargs: 1, describe: 'The same, from a file; "-" is the standard input' })
    .option('key', { type: 'string', nargs: 1, describe: 'Names the request, so that it can be made again and publishes once' })
    .option('check', { type: 'boolean', describe: 'Only tell what would come of it' })
    .example('$0 publish realestate/contact#add --to https://user.example/card#me --data \'{ "name": "Bruce Wayne" }\'', ''),
  run: async(context): Promise<void> => {
    const { args, settings } = context;
    const pod = needed(settings, 'pod', 'pod');
    const data = await readData(context);
    const head = JSON.stringify({ recipient: args.to, source: args.source, topic: args.topic });
    await loggedIn(context, pod, true, async(options): Promise<void> => {
      // The data is sent as it was written, number by number.
      const text = `${head.slice(0, -1)},"data":${data}}`;
      if (args.check) {
        const [ forecast ] = await checkPublishJson(pod, text, options);
        await context.print(forecast, describe(forecast));
        if (!forecast.accepted) {
          throw new CliError(EXIT.failed, 'It would not be published.');
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
    return `It would be refused (${forecast.status}): ${forecast.error}\n`;
  }
  const { subscriptions, elsewhere, unreachable = []} = forecast;
  const others = elsewhere.map((webId): string => `It is for ${webId} to decide, who is on another server\n`);
  const problems = unreachable.map(({ reason }): string => `Nothing can be delivered there now: ${reason}\n`);
  return `It would be accepted, and ${subscriptions} subscription${subscriptions === 1 ? '' : 's'} would get it\n` +
    `${others.join('')}${problems.join('')}`;
}

async function readData({ args, io }: Context): Promise<string> {
  const { data, file } = args as { data?: string; file?: string };
  if ((data === undefined) === (file === undefined)) {
    throw new CliError(EXIT.usage, 'What is to be published? Give --data or --file, one of them; "-" is the standard input.');
  }
  let text = data ?? '';
  if (text === '-' || file === '-') {
    text = await io.readInput();
  } else if (file !== undefined) {
    text = await readFile(resolve(io.cwd, file), 'utf8').catch((error: unknown): never => {
      throw new CliError(EXIT.usage, `The file cannot be read: ${(error as Error).message}`);
    });
  }
  try {
    JSON.parse(text);
  } catch (error: unknown) {
    throw new CliError(EXIT.usage, `The data is not valid JSON: ${(error as Error).message}. A text needs quotation marks: --data '"hello"'`);
  }
  return text;
}
