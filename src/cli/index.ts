import { join } from 'node:path';
import type { Argv } from 'yargs';
import yargs from 'yargs';
import { RequestFailed } from '../client';
import type { Command } from './command';
import { grantCommand, grantsCommand, revokeCommand } from './commands/access';
import { deliveriesCommand, redeliverCommand, replayCommand } from './commands/deliveries';
import { publishCommand } from './commands/publish';
import { changeCommand, subscribeCommand, subscriptionsCommand, unsubscribeCommand } from './commands/subscriptions';
import { inboxCommand } from './commands/inbox';
import { listenCommand } from './commands/listen';
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
  changeCommand,
  unsubscribeCommand,
  subscriptionsCommand,
  inboxCommand,
  listenCommand,
  deliveriesCommand,
  redeliverCommand,
  replayCommand,
];
const KEY_COMMANDS = [ createKeyCommand, listKeysCommand, revokeKeyCommand ];

const EPILOGUE = `Options can also be set by environment variables (such as SOLID_POD_EVENTS_CLIENT_ID) or in
.solid-pod-events.json in the current folder or home folder ({ "clientId": "…" }).

Exit codes: 0 success, 1 refused or failed, 2 invalid usage, 3 not logged in, 4 no response.`;

/** Selected command with its parsed arguments. */
interface ParsedCommand {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
}

/**
 * Parses the command line and runs the selected command.
 *
 * @param argv - Arguments after the program name.
 * @param io - Terminal, environment and folders.
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

/** Runs the command line of this process, and sets its exit code. */
export async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processIo());
}

async function parse(argv: readonly string[], io: Io): Promise<ParsedCommand | undefined> {
  let chosen: ParsedCommand | undefined;
  const register = (parser: Argv, commands: readonly Command[]): Argv => commands.reduce((all, command): Argv =>
    all.command(command.usage, command.description, command.build, (args): void => {
      chosen = { command, args };
    }), parser);
  const parser = yargs()
    .scriptName('solid-pod-events')
    .usage('$0 <command>\n\nPublish and subscribe for Solid pods.')
    .parserConfiguration({ 'greedy-arrays': false, 'parse-numbers': false, 'parse-positional-numbers': false, 'dot-notation': false, 'boolean-negation': false })
    .option('pod', { type: 'string', describe: 'Base URL of the pod', group: 'Common:' })
    .option('client-id', { type: 'string', describe: 'Id of the client credentials', group: 'Log in:' })
    .option('client-secret', { type: 'string', describe: 'Secret of the client credentials', group: 'Log in:' })
    .option('issuer', { type: 'string', describe: 'Base URL of the identity provider', group: 'Log in:' })
    .option('api-key', { type: 'string', describe: 'API key, in place of client credentials; within its scopes', group: 'Log in:' })
    .option('config', { type: 'string', describe: 'Path of the configuration file', group: 'Common:' })
    .option('json', { type: 'boolean', describe: 'Print JSON', group: 'Common:' })
    .demandCommand(1, 'Missing command.')
    .strict()
    .version(version())
    .epilogue(EPILOGUE)
    .wrap(Math.min(120, process.stdout.columns || 100))
    .exitProcess(false)
    .fail((message, error): never => {
      throw (error as Error | undefined) ?? new CliError(EXIT.usage, `${message.replace(/[^.]$/u, '$&.')} Run \`solid-pod-events --help\` for a list.`);
    });
  let output = '';
  register(parser, COMMANDS).command('keys', 'Create, list and revoke API keys', (keys): Argv =>
    register(keys, KEY_COMMANDS).demandCommand(1, 'Missing command: keys create, keys list or keys revoke.'));
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
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- read at run time: outside of the sources
  return (require(join(__dirname, '../../package.json')) as { version: string }).version;
}
