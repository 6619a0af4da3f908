import type { Argv } from 'yargs';
import { AccountKeys } from '../AccountKeys';
import type { Command, Context } from '../command';
import { CliError, EXIT } from '../exit';
import { table } from '../print';
import { needed } from '../settings';

const account = (argv: Argv): Argv => argv
  .option('server', { type: 'string', describe: 'The base URL of the server; default the issuer' })
  .option('email', { type: 'string', describe: 'The email address of the account' })
  .option('password', { type: 'string', describe: 'Its password; asked for on a terminal if it is not given' });

async function open({ settings, io }: Context): Promise<AccountKeys> {
  const server = settings.server ?? settings.issuer ?? needed(settings, 'server', 'server');
  const email = needed(settings, 'email', 'account');
  const password = settings.password ?? await io.askSecret(`Password of ${email}: `);
  if (!password) {
    throw new CliError(EXIT.login, 'Which password? Set SOLID_POD_EVENTS_PASSWORD, or run this on a terminal to be asked.');
  }
  return AccountKeys.open(server, email, password);
}

/** `keys create`: makes an API key. */
export const createKeyCommand: Command = {
  usage: 'create <name>',
  description: 'Make an API key; it is shown once',
  build: (argv): Argv => account(argv)
    .positional('name', { type: 'string', describe: 'What the key is for' })
    .option('web-id', { type: 'string', demandOption: true, describe: 'The WebID of the account that the key stands for' })
    .option('expires', { type: 'string', describe: 'When it ends, as 2027-01-31 or 2027-01-31T12:00:00Z; default never' })
    .option('for-pod', { type: 'string', array: true, describe: 'A pod that it is for; may be repeated; default all' })
    .option('for-topic', { type: 'string', array: true, describe: 'A topic that it is for; may be repeated; default all' })
    .example('$0 keys create sensor --web-id https://me.example/card#me --expires 2027-01-31', ''),
  run: async(context): Promise<void> => {
    const { name, webId, expires, forPod: pods, forTopic: topics } = context.args as {
      name: string; webId: string; expires?: string; forPod?: string[]; forTopic?: string[];
    };
    if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
      throw new CliError(EXIT.usage, `Invalid --expires "${expires}": it is a date such as 2027-01-31`);
    }
    const end = expires === undefined ? {} : { expires: new Date(expires).toISOString() };
    const keys = await open(context);
    const made = await keys.create({ name, webId, ...end, ...pods && { pods }, ...topics && { topics }});
    context.io.err('Keep this key; it is not shown again.\n');
    await context.print(made, `${made.key}\n`);
  },
};

/** `keys list`: lists the API keys of an account. */
export const listKeysCommand: Command = {
  usage: 'list',
  description: 'List the API keys of an account',
  build: (argv): Argv => account(argv).example('$0 keys list --server https://server.example/ --email me@example.com', ''),
  run: async(context): Promise<void> => {
    const found = await (await open(context)).list();
    const rows = found.map(({ id, name, webId, expires, lastUsed, pods, topics }): string[] => [
      id, name, webId, expires ?? 'never', lastUsed ?? 'never', [ ...pods ?? [], ...topics ?? [] ].join(' ') || 'all',
    ]);
    await context.print(found, rows.length > 0 ?
      table([ 'ID', 'NAME', 'WEBID', 'EXPIRES', 'LAST USED', 'FOR' ], rows) :
      'The account has no API keys.\n');
  },
};

/** `keys revoke`: revokes an API key. */
export const revokeKeyCommand: Command = {
  usage: 'revoke <id>',
  description: 'Revoke an API key, at once',
  build: (argv): Argv => account(argv)
    .positional('id', { type: 'string', describe: 'The id of the key, as "keys list" shows it' })
    .example('$0 keys revoke 019b… --server https://server.example/ --email me@example.com', ''),
  run: async(context): Promise<void> => {
    const id = String(context.args.id);
    await (await open(context)).revoke(id);
    await context.print({ id }, 'Revoked.\n');
  },
};
