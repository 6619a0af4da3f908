import { join } from 'node:path';
import type { Argv } from 'yargs';
import yargs from 'yargs';
import { RequestFailed } from '../client';
import type { Command } from './command';
import { grantCommand, grantsCommand, revokeCommand } from './commands/access';
import { deliveriesCommand, redeliverCommand, replayCommand } from './commands/deliveries';
import { publishCommand } from './commands/publish';
import { subscribeCommand, subscriptionsCommand, unsubscribeCommand } from './commands/subscriptions';
import { inboxCommand } from './commands/inbox';
import { createKeyCommand, listKeysCommand, revokeKeyCommand } from './commands/keys';
import { CliError, EXIT, exitCodeOf, messageOf } from './exit';
import type { Io } from './Io';
import { visible } from './print';
import { processIo } from './processIo';
import { readSettings } from './settings';

const COMMANDS = [
  grantCommand,
  revokeCommand,
  grantsCommand,
  publishCommand,
  subscribeCommand,
  unsubscribeCommand,
  subscriptionsCommand,
  inboxCommand,
  deliveriesCommand,
  redeliverCommand,
  replayCommand,
];
const KEY_COMMANDS = [ createKeyCommand, listKeysCommand, revokeKeyCommand ];

const EPILOGUE = `Options may also be set in the environment (SOLID_POD_EVENTS_CLIENT_ID and so on) or in
.solid-pod-events.json, in this folder or your home ({ "clientId": "…" }).

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not logged in, 4 no answer.`;

/** The command that was asked for, with its arguments. */
interface Chosen {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
}

/**
 * Runs the command line.
 *
 * @param argv - What stands behind the name of the program.
 * @param io - What it works with.
 *
 * @returns The exit code, see {@link EXIT}.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let asJson = false;
  try {
    const chosen = await parse(argv, io);
    if (chosen) {
      const { command, args } = chosen;
      asJson = args.json === true;
      const print = async(value: unknown, text: string): Promise<void> =>
        io.out(asJson ? `${visible(JSON.stringify(value))}\n` : text);
      await command.run({ args, settings: await readSettings(args, io), io, print });
    }
    return EXIT.ok;
  } catch (error: unknown) {
    if (io.signal.aborted) {
      return EXIT.ok;
    }
    const status = error instanceof RequestFailed ? { status: error.status } : {};
    const message = messageOf(error);
    io.err(asJson ? `${JSON.stringify({ error: message, ...status })}\n` : `${message.split('\n').map(visible).join('\n')}\n`);
    return exitCodeOf(error);
  }
}

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processIo());
}

async function parse(argv: readonly string[], io: Io): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const register = (parser: Argv, commands: readonly Command[]): Argv => commands.reduce((all, command): Argv =>
    all.command(command.usage, command.description, command.build, (args): void => {
      chosen = { command, args };
    }), parser);
  const parser = yargs()
    .scriptName('solid-pod-events')
    .usage('$0 <command>\n\nPublish and subscribe for Solid pods.')
    .parserConfiguration({ 'greedy-arrays': false, 'parse-numbers': false, 'parse-positional-numbers': false, 'dot-notation': false, 'boolean-negation': false })
    .option('pod', { type: 'string', describe: 'The base URL of the pod', group: 'Common:' })
    .option('client-id', { type: 'string', describe: 'Log in by client credentials: their id', group: 'Log in:' })
    .option('client-secret', { type: 'string', describe: 'Their secret', group: 'Log in:' })
    .option('issuer', { type: 'string', describe: 'The base URL of the server where you log in', group: 'Log in:' })
    .option('api-key', { type: 'string', describe: 'Log in by an API key; to publish and subscribe only', group: 'Log in:' })
    .option('config', { type: 'string', describe: 'The path of the configuration file', group: 'Common:' })
    .option('json', { type: 'boolean', describe: 'Print JSON, for programs', group: 'Common:' })
    .demandCommand(1, 'What is to be done? Name a command, or ask for --help.')
    .strict()
    .version(version())
    .epilogue(EPILOGUE)
    .wrap(Math.min(120, process.stdout.columns || 100))
    .exitProcess(false)
    .fail((message, error): never => {
      throw (error as Error | undefined) ?? new CliError(EXIT.usage, `${message.replace(/[^.]$/u, '$&.')} See --help.`);
    });
  let output = '';
  register(parser, COMMANDS).command('keys', 'Make, list and revoke API keys', (keys): Argv =>
    register(keys, KEY_COMMANDS).demandCommand(1, 'What about the keys? create, list or revoke.'));
  await parser.parseAsync([ ...argv ], {}, (_error, _args, text): void => {
    output = text;
  });
  if (output) {
    await io.out(`${output}\n`);
    return;
  }
  return chosen;
}

function version(): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- read at run time: it lies outside of the sources
  return (require(join(__dirname, '../../package.json')) as { version: string }).version;
}
