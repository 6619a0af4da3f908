import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run as runCommand } from '../../src/cli';
import type { TestAgent } from '../util/accounts';
import { createCredentials, emailOf, PASSWORD } from '../util/accounts';
import { environment } from '../util/process';
import { members, setScene } from '../util/scene';
import type { Scene } from '../util/scene';
import { freePort, ROOT } from '../util/server';
import { eventually } from '../util/wait';

interface Result { readonly code: number | null; readonly out: string; readonly err: string }

describe('The command line', (): void => {
  let scene: Scene;
  let folder: string;
  const running = new Set<ChildProcess>();
  const credentials = new Map<TestAgent, Record<string, string>>();

  /** Runs the command as its users do, in a folder without a configuration file. */
  function start(args: string[], env: Record<string, string> = {}, input?: string): { child: ChildProcess; output: () => string; result: Promise<Result> } {
    const child = spawn(process.execPath, [ join(ROOT, 'bin/cli.js'), ...args ], { cwd: folder, env: { ...environment(), HOME: folder, ...env }});
    running.add(child);
    const [ out, err ]: string[][] = [ [], [] ];
    child.stdout.setEncoding('utf8').on('data', (text: string): unknown => out.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string): unknown => err.push(text));
    child.stdin.end(input);
    const result = new Promise<Result>((resolve): unknown => child.on('close', (code): void => {
      running.delete(child);
      resolve({ code, out: out.join(''), err: err.join('') });
    }));
    return { child, output: (): string => out.join(''), result };
  }
  type Run = (agent: TestAgent | undefined, args: string[], input?: string) => Promise<Result>;
  const run: Run = async(agent, args, input): Promise<Result> => start(args, agent && credentials.get(agent), input).result;
  /** The same, within this process. */
  const runHere: Run = async(agent, args, input = ''): Promise<Result> => {
    const [ out, err ]: string[][] = [ [], [] ];
    const code = await runCommand(args, {
      env: agent ? credentials.get(agent)! : {},
      cwd: folder,
      home: folder,
      signal: new AbortController().signal,
      out: async(text): Promise<void> => void out.push(text),
      err: (text): unknown => err.push(text),
      readInput: async(): Promise<string> => input,
      askSecret: async(): Promise<undefined> => undefined,
    });
    return { code, out: out.join(''), err: err.join('') };
  };
  const runners: [string, Run][] = [ [ 'a process of its own', run ], [ 'this process', runHere ] ];

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    folder = join(scene.server.folder, 'work');
    await mkdir(folder);
    for (const [ name, agent ] of Object.entries({ producer: scene.producer, user: scene.user, subscriber: scene.subscriber })) {
      const { id, secret } = await createCredentials(scene.server.baseUrl, name, agent.webId);
      credentials.set(agent, {
        SOLID_POD_EVENTS_CLIENT_ID: id, SOLID_POD_EVENTS_CLIENT_SECRET: secret,
        SOLID_POD_EVENTS_ISSUER: scene.server.baseUrl, SOLID_POD_EVENTS_POD: agent.pod,
      });
    }
  });

  afterAll(async(): Promise<void> => {
    for (const child of running) {
      child.kill('SIGKILL');
    }
    await scene.end();
  });

  it('grants, lists and revokes.', async(): Promise<void> => {
    const { producer, user } = scene;
    const run = runHere;
    expect(await run(user, [ 'grant', 'news/sport', producer.webId, '--publish' ]))
      .toEqual({ code: 0, out: `${producer.webId} may publish: news/sport\n`, err: '' });
    const listed = await run(user, [ 'grants', '--json' ]);
    expect(JSON.parse(listed.out)).toContainEqual(
      { topic: 'news/sport', resource: `${user.pod}topics/news/sport/`, agent: producer.webId, publish: true, subscribe: false });
    const table = await run(user, [ 'grants' ]);
    expect(table.out).toMatch(/^TOPIC +AGENT +PUBLISH +SUBSCRIBE$/mu);
    expect(table.out).toMatch(/^news\/sport +\S+ +yes +-$/mu);
    expect((await run(user, [ 'revoke', 'news/sport', producer.webId ])).code).toBe(0);
    expect((await run(user, [ 'grants' ])).out).not.toContain('news/sport');
  });

  it.each(runners)('in %s, publishes, subscribes and shows the inbox.', async(_name, run): Promise<void> => {
    const { producer, user, subscriber } = scene;
    const made = await run(subscriber, [ 'subscribe', 'realestate/contact', '--pod', user.pod, '--inbox', subscriber.inbox ]);
    expect(made).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`${user.pod}subscriptions/`) });
    const publish = [ 'publish', 'realestate/contact#add', '--to', user.webId ];
    const published = await run(producer, [ ...publish, '--data', '{ "number": 12345678901234567890, "name": "\\u001b[31mred" }', '--json' ]);
    expect(published).toMatchObject({ code: 0, err: '' });
    const { id, ids } = JSON.parse(published.out);
    expect(ids).toEqual([ id ]);
    expect(await (await producer.fetch(id)).text()).toContain('12345678901234567890');
    await writeFile(join(folder, 'data.json'), '"from a file"');
    expect((await run(producer, [ ...publish, '--file', 'data.json' ])).out).toMatch(/\/producer\/publish\/\S+\n$/u);
    expect((await run(producer, [ ...publish, '--data', '-' ], '[ "from the input" ]')).code).toBe(0);
    await eventually(async(): Promise<true | undefined> => (await members(subscriber, subscriber.inbox)).length === 3 || undefined);
    const checked = await run(producer, [ ...publish, '--to', 'https://elsewhere.example/#me', '--data', '1', '--check' ]);
    expect(checked).toEqual({
      code: 0,
      err: '',
      out: expect.stringMatching(new RegExp('^The event would be accepted and copied to 1 subscription\\n' +
        'The server of https://elsewhere.example/#me decides for itself\\n' +
        'Currently unreachable: The profile of https://elsewhere.example/#me cannot be read: .+\\n$', 'u')),
    });

    const shown = await run(subscriber, [ 'inbox' ]);
    expect(shown).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`  by    ${producer.webId}\n  to    ${user.webId}\n`) });
    expect(shown.out).not.toContain('\u001B');
    const lines = (await run(subscriber, [ 'inbox', subscriber.inbox, '--delete', '--json' ])).out.trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line).event.data)).toEqual([ expect.objectContaining({ name: '\u001B[31mred' }), 'from a file', [ 'from the input' ]]);
    expect(await members(subscriber, subscriber.inbox)).toEqual([]);

    const listed = JSON.parse((await run(subscriber, [ 'subscriptions', '--pod', user.pod, '--json' ])).out);
    expect(listed).toHaveLength(1);
    expect((await run(subscriber, [ 'subscriptions', '--pod', user.pod ])).out).toContain(`  url    ${listed[0].id}\n`);
    expect(await run(subscriber, [ 'unsubscribe', listed[0].id ])).toEqual({ code: 0, out: 'Deleted.\n', err: '' });
  });

  it('follows an inbox until it is interrupted.', async(): Promise<void> => {
    const { producer, user } = scene;
    const following = start([ 'inbox', '--follow', '--delete', '--json' ], credentials.get(user));
    for (const data of [ '1', '2' ]) {
      await run(producer, [ 'publish', 'realestate/contact#add', '--to', user.webId, '--data', data ]);
      await eventually(async(): Promise<true | undefined> => following.output().includes(`"data":${data}`) || undefined);
    }
    following.child.kill('SIGINT');
    expect(await following.result).toMatchObject({ code: 0, err: expect.not.stringContaining('rror') });
    expect(await members(user, user.inbox)).toEqual([]);
  });

  it('listens to the events of a pod until it is interrupted.', async(): Promise<void> => {
    const { producer, user } = scene;
    const filter = JSON.stringify({ suffix: { type: '#add' }});
    const listening = start([ 'listen', '--json', '--from', '1970-01-01', '--topic', 'realestate/contact', '--filter', filter ], credentials.get(producer));
    for (const [ data, topic ] of [[ '11', 'realestate/contact#add' ], [ '12', 'realestate/contact#change' ], [ '13', 'realestate/contact#add' ]]) {
      await run(producer, [ 'publish', topic, '--to', user.webId, '--data', data ]);
    }
    await eventually(async(): Promise<true | undefined> => listening.output().includes('"data":13') || undefined);
    expect(listening.output()).toMatch(/"data":11.*\n/u);
    expect(listening.output()).not.toContain('"data":12');
    listening.child.kill('SIGINT');
    expect(await listening.result).toMatchObject({ code: 0, err: '' });
    const { position } = JSON.parse(listening.output().trim().split('\n').at(-2)!) as { position: string };
    const readable = start([ 'listen', `${producer.pod}publish/`, '--from', position, '--filter', filter ], credentials.get(producer));
    await eventually(async(): Promise<true | undefined> => readable.output().includes('13') || undefined);
    expect(readable.output()).toMatch(/^\S+ {2}realestate\/contact#add\n {2}by {4}.*\n {2}event .*\n {2}at {4}p/u);
    readable.child.kill('SIGINT');
    expect((await readable.result).code).toBe(0);
    expect(await run(user, [ 'listen', '--filter', '{' ])).toMatchObject({ code: 2, err: expect.stringContaining('Invalid --filter') });
    expect(await run(user, [ 'listen', `${producer.pod}publish/` ])).toMatchObject({ code: 1 });
  });

  it('tells by its exit code what went wrong.', async(): Promise<void> => {
    const { producer, user } = scene;
    const publish = [ 'publish', 'other#add', '--to', user.webId, '--data' ];
    expect(await runHere(producer, [ ...publish, '1', '--check' ])).toEqual({
      code: 1,
      out: `The event would be refused (403): Not authorized to publish to ${user.webId} on topic other#add\n`,
      err: 'The event would not be published.\n',
    });
    expect((await runHere(user, [ ...publish, '1', '--check' ])).out).toBe('The event would be accepted and copied to 0 subscriptions\n');
    const once = [ 'publish', 'own#add', '--to', user.webId, '--data', '1', '--key', 'mine' ];
    expect((await runHere(user, once)).out).toBe((await runHere(user, once)).out);
    expect(await run(producer, [ ...publish, '1' ])).toEqual({
      code: 1, out: '', err: expect.stringMatching(/^POST \S+ was answered with 403: Not authorized to publish to \S+ on topic other#add\./u),
    });
    const failed = await run(producer, [ ...publish, '1', '--json' ]);
    expect(JSON.parse(failed.err)).toEqual({ error: expect.stringContaining('Not authorized'), status: 403 });
    for (const args of [ [], [ 'unsubscribe', user.pod ], [ 'what' ], [ ...publish, '{' ], [ 'publish', 'a' ], [ 'grant', 'a', 'nobody', '--publish' ], [ 'grant', 'a', user.webId ], [ 'inbox', '--config', 'none.json' ] ]) {
      expect([ args, await run(producer, args) ]).toEqual([ args, { code: 2, out: '', err: expect.stringMatching(/\n$/u) }]);
    }
    expect(await run(undefined, [ 'grants', '--pod', user.pod ])).toMatchObject({ code: 3, err: expect.stringContaining('Missing credentials') });
    expect(await run(undefined, [ 'grants', '--pod', user.pod, '--api-key', 'spe_1' ])).toMatchObject({ code: 3 });
    const wrong = await run(producer, [ 'grants', '--client-secret', 'wrong-secret' ]);
    expect(wrong).toMatchObject({ code: 3, err: expect.not.stringContaining('wrong-secret') });
    const nowhere = `http://localhost:${await freePort()}/`;
    expect(await run(producer, [ 'grants', '--issuer', nowhere ])).toMatchObject({ code: 4, err: expect.stringContaining('No response from the server') });
    expect(await run(producer, [ 'subscriptions', '--pod', nowhere ])).toMatchObject({ code: 4 });
  });

  it('makes, lists and revokes API keys, and publishes and subscribes with one.', async(): Promise<void> => {
    const { producer, user, server } = scene;
    const account = { SOLID_POD_EVENTS_SERVER: server.baseUrl, SOLID_POD_EVENTS_EMAIL: emailOf('producer'), SOLID_POD_EVENTS_PASSWORD: PASSWORD };
    const keys = async(...args: string[]): Promise<Result> => start([ 'keys', ...args ], account).result;
    const limits = [ '--for-pod', producer.pod, '--for-topic', 'realestate/*', '--expires', '2100-01-31' ];
    const made = await keys('create', 'sensor', '--web-id', producer.webId, ...limits, '--json');
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('not shown again') });
    const { id, key } = JSON.parse(made.out);
    const listed = await keys('list');
    expect(listed.out).toMatch(new RegExp(`^${id} +sensor +\\S+ +2100-01-31\\S* +never +publish subscribe +${producer.pod} realestate/\\*$`, 'mu'));
    expect(listed.out + listed.err).not.toContain(key);

    const withKey = { SOLID_POD_EVENTS_API_KEY: key, SOLID_POD_EVENTS_POD: producer.pod };
    const publish = async(topic: string): Promise<Result> =>
      start([ 'publish', topic, '--to', user.webId, '--data', '1' ], withKey).result;
    expect(await publish('realestate/contact#add')).toMatchObject({ code: 0, err: '' });
    expect(await publish('other/contact#add')).toMatchObject({ code: 1, err: expect.stringContaining('limited to other topics') });
    expect(await start([ 'subscriptions' ], withKey).result).toMatchObject({ code: 0 });
    expect(await keys('revoke', id)).toMatchObject({ code: 0 });
    const refused = await publish('realestate/contact#add');
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('revoked') });
    expect(refused.out + refused.err).not.toContain(key);
    expect((await keys('list')).out).toContain('no API keys');
    const wrong = await start([ 'keys', 'list' ], { ...account, SOLID_POD_EVENTS_PASSWORD: 'wrong' }).result;
    expect(wrong.code).toBe(3);
  });

  it('reads its settings from a file, and warns of one that others can read.', async(): Promise<void> => {
    const env = credentials.get(scene.user)!;
    const path = join(folder, 'mine.json');
    await writeFile(path, JSON.stringify({
      pod: scene.user.pod, clientId: env.SOLID_POD_EVENTS_CLIENT_ID, clientSecret: env.SOLID_POD_EVENTS_CLIENT_SECRET, issuer: scene.server.baseUrl,
    }), { mode: 0o600 });
    expect(await runHere(undefined, [ 'subscriptions', '--config', 'mine.json' ])).toMatchObject({ code: 0, err: '' });
    await chmod(path, 0o644);
    expect(await run(undefined, [ 'subscriptions', '--config', path ])).toMatchObject({ code: 0, err: expect.stringMatching(/^Warning: .*mine\.json contains secrets/u) });
  });

  it.each([ 'grant', 'revoke', 'grants', 'publish', 'subscribe', 'unsubscribe', 'subscriptions', 'inbox', 'listen', 'keys create', 'keys list', 'keys revoke' ])('shows help and an example of %s.', async(command): Promise<void> => {
    const { code, out } = await runHere(undefined, [ ...command.split(' '), '--help' ]);
    expect(code).toBe(0);
    expect(out).toContain(`Examples:\n  solid-pod-events ${command}`);
  });
});
