import type { Argv } from 'yargs';
import { grant, grants, revoke } from '../../client';
import type { Grant, RequestOptions } from '../../client';
import type { Command, Context } from '../command';
import { loggedIn } from '../login';
import { table } from '../print';
import { needed } from '../settings';

const topic = (argv: Argv): Argv => argv
  .positional('topic', { type: 'string', describe: 'realestate/contact#add, realestate/contact (all its actions), "realestate/*" (all below) or "*"' })
  .positional('agent', { type: 'string', describe: 'A WebID, "public" (everybody) or "authenticated" (who is logged in)' });
const modes = (argv: Argv): Argv => topic(argv)
  .option('publish', { type: 'boolean', describe: 'Publish to the pod on the topic (acl:Append)' })
  .option('subscribe', { type: 'boolean', describe: 'Follow the topic and receive its events (acl:Read)' });

/** Does something as the owner of the pod. */
async function asOwner(context: Context, act: (pod: string, options: RequestOptions) => Promise<void>): Promise<void> {
  const pod = needed(context.settings, 'pod', 'pod');
  await loggedIn(context, pod, false, async(options): Promise<void> => act(pod, options));
}

function words(publish: boolean, subscribe: boolean): string {
  return [ ...publish ? [ 'publish' ] : [], ...subscribe ? [ 'subscribe' ] : [] ].join(' and ');
}

/** `grant`: lets an agent publish or follow a topic of one's pod. */
export const grantCommand: Command = {
  usage: 'grant <topic> <agent>',
  description: 'Let an agent publish to your pod on a topic, or follow it',
  build: (argv): Argv => modes(argv)
    .example('$0 grant realestate/contact https://producer.example/card#me --publish', ''),
  run: async(context): Promise<void> => asOwner(context, async(pod, options): Promise<void> => {
    const { topic: name, agent, publish = false, subscribe = false } = context.args as Record<string, never>;
    await grant(pod, name, agent, { publish, subscribe }, options);
    await context.print({ topic: name, agent, publish, subscribe }, `${String(agent)} may ${words(publish, subscribe)}: ${String(name)}\n`);
  }),
};

/** `revoke`: takes it back. */
export const revokeCommand: Command = {
  usage: 'revoke <topic> <agent>',
  description: 'Take back what an agent may do with a topic of your pod; both, unless you say which',
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

/** `grants`: who may publish and follow what. */
export const grantsCommand: Command = {
  usage: 'grants',
  description: 'List who may publish and follow which topics of your pod',
  build: (argv): Argv => argv.example('$0 grants --pod https://user.example/', ''),
  run: async(context): Promise<void> => asOwner(context, async(pod, options): Promise<void> => {
    const found = await grants(pod, options);
    const rows = found.map(({ topic: name, resource, agent, publish, subscribe }: Grant): string[] =>
      [ name ?? resource, agent, publish ? 'yes' : '-', subscribe ? 'yes' : '-' ]);
    await context.print(found, rows.length > 0 ?
      table([ 'TOPIC', 'AGENT', 'PUBLISH', 'SUBSCRIBE' ], rows) :
      'Nobody but the owner may publish or follow a topic.\n');
  }),
};
