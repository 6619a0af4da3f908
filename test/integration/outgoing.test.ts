import type { CliExtractor, ShorthandResolver } from '@solid/community-server';
import type { IModuleState } from 'componentsjs';
import { ComponentsManager } from 'componentsjs';
import { GuardedOutgoing } from '../../src/outgoing/GuardedOutgoing';
import { flatten } from '../util/flat';
import '../util/flatParser';

const OPTION = 'urn:solid-pod-events:default:variable:eventsAllow';

interface CliResolver {
  readonly cliExtractor: CliExtractor;
  readonly shorthandResolver: ShorthandResolver;
}

describe('What outgoing requests are allowed', (): void => {
  let moduleState: IModuleState | undefined;
  let resolver: CliResolver;

  beforeAll(async(): Promise<void> => {
    const manager = await managerOf();
    ({ moduleState } = manager);
    resolver = await manager.instantiate<CliResolver>('urn:solid-server-app-setup:default:CliResolver', {});
  });

  afterEach((): void => {
    delete process.env.CSS_EVENTS_ALLOW;
  });

  /** One that has made nothing yet: it makes each component once. */
  async function managerOf(): Promise<ComponentsManager<unknown>> {
    const { config, modules } = await flatten('test/config/default.json');
    const manager = await ComponentsManager.build({ mainModulePath: modules, moduleState, dumpErrorState: false, logLevel: 'error', typeChecking: false });
    for (const path of config) {
      await manager.configRegistry.register(path);
    }
    return manager;
  }

  /** What a server would start with that gets these options, on its command line or by whoever creates it. */
  async function variables(options: string[], shorthand: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const extracted = await resolver.cliExtractor.handleSafe([ 'node', 'server.js', ...options ]);
    return resolver.shorthandResolver.handleSafe({ ...extracted, ...shorthand });
  }

  /** How a request to a port of this host fails on which nothing listens. */
  async function fault(given: Record<string, unknown>): Promise<unknown> {
    const outgoing = await (await managerOf()).instantiate('urn:solid-pod-events:default:Outgoing', { variables: given });
    expect(outgoing).toBeInstanceOf(GuardedOutgoing);
    const sent = (outgoing as GuardedOutgoing).send({ method: 'GET', url: 'http://127.0.0.1:1/' });
    return sent.then((): string => 'answered', (error: unknown): unknown => (error as { fault: string }).fault);
  }

  it('is nothing by itself.', async(): Promise<void> => {
    expect((await variables([]))[OPTION]).toBe('');
    expect(await fault(await variables([]))).toBe('forbidden');
  });

  it('is said on the command line.', async(): Promise<void> => {
    const given = await variables([ '--eventsAllow', '127.0.0.0/8,::1/128' ]);
    expect(given[OPTION]).toBe('127.0.0.0/8,::1/128');
    expect(await fault(given)).toBe('unreachable');
  });

  it('is said by an environment variable.', async(): Promise<void> => {
    process.env.CSS_EVENTS_ALLOW = '10.0.0.0/8,127.0.0.1/32';
    expect((await variables([]))[OPTION]).toBe('10.0.0.0/8,127.0.0.1/32');
  });

  it('is said by whoever creates a server.', async(): Promise<void> => {
    expect((await variables([], { eventsAllow: '127.0.0.0/8' }))[OPTION]).toBe('127.0.0.0/8');
  });

  it('is not everything: the server does not start.', async(): Promise<void> => {
    await expect(fault(await variables([ '--eventsAllow', '127.0.0.0/8,0.0.0.0/0' ]))).rejects.toThrow('Address block "0.0.0.0/0" is too wide');
  });
});
