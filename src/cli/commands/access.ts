import type { Argv } from 'yargs';
import { grant, grants, revoke } from '../../client';
import type { Grant, RequestOptions } from '../../client';
import type { Command, Context } from '../command';
import { withLogin } from '../login';
import { table } from '../print';
import { requireSetting } from '../settings';

const topic = (argv: Argv): Argv => argv
  .positional('topic', { type: 'string', describe: 'realestate/contact#add, realestate/contact (all its actions), "realestate/*" (all below) or "*"' })
  .positional('agent', { type: 'string', describe: 'WebID, "public" (everybody) or "authenticated" (all authenticated agents)' });
const modes = (argv: Argv): Argv => topic(argv)
  .option('publish', { type: 'boolean', describe: 'Permission to publish to the topic (acl:Append)' })
  .option('subscribe', { type: 'boolean', describe: 'Permission to subscribe to the topic (acl:Read)' });

/** Runs an action with the login of the pod's owner. */
async function asOwner(context: Context, act: (pod: string, options: RequestOptions) => Promise<void>): Promise<void> {
  const pod = requireSetting(context.settings, 'pod', 'pod');
  await withLogin(context, pod, false, async(options): Promise<void> => act(pod, options));
}

function words(publish: boolean, subscribe: boolean): string {
  return [ ...publish ? [ 'publish' ] : [], ...subscribe ? [ 'subscribe' ] : [] ].join(' and ');
}

/** Command `grant`: grants an agent permissions on a topic of a pod. */
export const grantCommand: Command = {
  usage: 'grant <topic> <agent>',
  description: 'Grant an agent permission to publish or subscribe to a topic of your pod',
  build: (argv): Argv => modes(argv)
    .example('$0 grant realestate/contact https://producer.example/card#me --publish', ''),
  run: async(context): Promise<void> => asOwner(context, async(pod, options): Promise<void> => {
    const { topic: name, agent, publish = false, subscribe = false } = context.args as Record<string, never>;
    await grant(pod, name, agent, { publish, subscribe }, options);
    await context.print({ topic: name, agent, publish, subscribe }, `${String(agent)} may ${words(publish, subscribe)}: ${String(name)}\n`);
  }),
};

/** Command `revoke`: revokes permissions on a topic. */
export const revokeCommand: Command = {
  usage: 'revoke <topic> <agent>',
  description: 'Revoke the permissions of an agent on a topic of your pod. Default: both',
  build: (argv): Argv => modes(argv)
    .example('$0 revoke realestate/contact https://producer.example/card#me', ''),
  run: async(context): Promise<void> => asOwner(context, async(pod, options): Promise<void> => {
    const { topic: name, agent } = context.args as Record<string, never>;
    const { publish: first = false, subscribe: second = false } = context.args as Record<string, boolean | undefined>;
    const [ publish, subscribe ] = first || second ? [ first, second ] : [ true, true ];
    await revoke(pod, name, agent, { publish, subscribe }, options);
    await context.print({ topic: name, agent, publish, subscribe }, `${String(agent)} may no longer ${words(publish, subscribe)}: ${String(name)}\n`);
  }),
};

/** Command `grants`: lists the permissions on the topics of a pod. */
export const grantsCommand: Command = {
  usage: 'grants',
  description: 'List the permissions on the topics of your pod',
  build: (argv): Argv => argv.example('$0 grants --pod https://user.example/', ''),
  run: async(context): Promise<void> => asOwner(context, async(pod, options): Promise<void> => {
    const found = await grants(pod, options);
    const rows = found.map(({ topic: name, resource, agent, publish, subscribe }: Grant): string[] =>
      [ name ?? resource, agent, publish ? 'yes' : '-', subscribe ? 'yes' : '-' ]);
    await context.print(found, rows.length > 0 ?
      table([ 'TOPIC', 'AGENT', 'PUBLISH', 'SUBSCRIBE' ], rows) :
      'No grants: only the owner can publish or subscribe.\n');
  }),
};
