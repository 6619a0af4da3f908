import type { Argv } from 'yargs';
import { SCOPES } from '../../identity/scopes';
import { AccountKeys } from '../AccountKeys';
import type { Command, Context } from '../command';
import { CliError, EXIT } from '../exit';
import { table } from '../print';
import { requireSetting } from '../settings';

const account = (argv: Argv): Argv => argv
  .option('server', { type: 'string', describe: 'Base URL of the server. Default: the issuer' })
  .option('email', { type: 'string', describe: 'Email address of the account' })
  .option('password', { type: 'string', describe: 'Password of the account. Default: prompt on the terminal' });

async function open({ settings, io }: Context): Promise<AccountKeys> {
  const server = settings.server ?? settings.issuer ?? requireSetting(settings, 'server', 'server');
  const email = requireSetting(settings, 'email', 'email address of the account');
  const password = settings.password ?? await io.askSecret(`Password of ${email}: `);
  if (!password) {
    throw new CliError(EXIT.login, 'Missing password. Set SOLID_POD_EVENTS_PASSWORD, or run the command on a terminal for a prompt.');
  }
  return AccountKeys.open(server, email, password);
}

/** Command `keys create`: creates an API key. */
export const createKeyCommand: Command = {
  usage: 'create <name>',
  description: 'Create an API key. The key is shown once',
  build: (argv): Argv => account(argv)
    .positional('name', { type: 'string', describe: 'Name of the key' })
    .option('web-id', { type: 'string', demandOption: true, describe: 'WebID of the account that the key authenticates' })
    .option('expires', { type: 'string', describe: 'Expiry, as 2027-01-31 or 2027-01-31T12:00:00Z. Default: never' })
    .option('for-pod', { type: 'string', array: true, describe: 'Limit the key to this pod; repeatable. Default: all' })
    .option('for-topic', { type: 'string', array: true, describe: 'Limit the key to this topic; repeatable. Default: all' })
    .option('scope', {
      type: 'string',
      array: true,
      choices: SCOPES,
      describe: 'Permission of the key; repeatable. "read" includes deleting members of the inbox. Default: publish subscribe',
    })
    .example('$0 keys create sensor --web-id https://me.example/card#me --expires 2027-01-31', ''),
  run: async(context): Promise<void> => {
    const { name, webId, expires, forPod: pods, forTopic: topics, scope: scopes } = context.args as {
      name: string; webId: string; expires?: string; forPod?: string[]; forTopic?: string[]; scope?: string[];
    };
    if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
      throw new CliError(EXIT.usage, `Invalid --expires "${expires}": expected a date such as 2027-01-31`);
    }
    const end = expires === undefined ? {} : { expires: new Date(expires).toISOString() };
    const keys = await open(context);
    const limits = { ...pods && { pods }, ...topics && { topics }, ...scopes && { scopes }};
    const made = await keys.create({ name, webId, ...end, ...limits });
    context.io.err('Store this key now: it is not shown again.\n');
    await context.print(made, `${made.key}\n`);
  },
};

/** Command `keys list`: lists the API keys of an account. */
export const listKeysCommand: Command = {
  usage: 'list',
  description: 'List the API keys of an account',
  build: (argv): Argv => account(argv).example('$0 keys list --server https://server.example/ --email me@example.com', ''),
  run: async(context): Promise<void> => {
    const found = await (await open(context)).list();
    const rows = found.map(({ id, name, webId, expires, lastUsed, scopes = [], pods, topics }): string[] => [
      id, name, webId, expires ?? 'never', lastUsed ?? 'never', scopes.join(' '),
      [ ...pods ?? [], ...topics ?? [] ].join(' ') || 'all',
    ]);
    await context.print(found, rows.length > 0 ?
      table([ 'ID', 'NAME', 'WEBID', 'EXPIRES', 'LAST USED', 'SCOPES', 'FOR' ], rows) :
      'The account has no API keys.\n');
  },
};

/** Command `keys revoke`: revokes an API key. */
export const revokeKeyCommand: Command = {
  usage: 'revoke <id>',
  description: 'Revoke an API key immediately',
  build: (argv): Argv => account(argv)
    .positional('id', { type: 'string', describe: 'Id of the key, as printed by "keys list"' })
    .example('$0 keys revoke 019b… --server https://server.example/ --email me@example.com', ''),
  run: async(context): Promise<void> => {
    const id = String(context.args.id);
    await (await open(context)).revoke(id);
    await context.print({ id }, 'Revoked.\n');
  },
};
