import type { EventHttpHandler } from '../../../src/http/EventHttpHandler';
import type { PodDirectory } from '../../../src/pod/PodDirectory';
import { PodListeners } from '../../../src/pod/PodListeners';
import { HiddenResourceReporter } from '../../../src/server/HiddenResourceReporter';
import type { OwnerNotifier } from '../../../src/server/OwnerNotifier';
import { PodCleanup } from '../../../src/server/PodCleanup';
import { eventually } from '../../util/wait';

const POD = 'http://localhost/user/';
const PODS = Array.from({ length: 150 }, (_, index): string => `http://localhost/${String(index).padStart(3, '0')}/`);

describe('The care of pods', (): void => {
  let verified: string[];
  let told: string[];
  let errors: string[];
  let hooks: PodListeners;
  let care: PodCleanup;
  let pods: { verify: jest.Mock; locate: jest.Mock };
  let lifecycle: Record<'unfinishedEndings' | 'podsAfter' | 'sweep', jest.Mock>;

  beforeEach((): void => {
    verified = [];
    told = [];
    errors = [];
    hooks = new PodListeners();
    pods = {
      verify: jest.fn(async(pod: string): Promise<void> => {
        verified.push(pod);
      }),
      locate: jest.fn(async(url: string): Promise<string | undefined> => url.startsWith(POD) ? POD : undefined),
    };
    lifecycle = {
      unfinishedEndings: jest.fn(async(): Promise<string[]> => [ POD ]),
      podsAfter: jest.fn(async(after: string, limit: number): Promise<string[]> =>
        PODS.filter((pod): boolean => pod > after).slice(0, limit)),
      sweep: jest.fn(async(): Promise<boolean> => lifecycle.sweep.mock.calls.length < 3),
    };
    const news = { gone: async(pod: string, container: string): Promise<unknown> => told.push(`${pod} ${container}`) };
    care = new PodCleanup({
      pods: pods as unknown as PodDirectory,
      lifecycle: lifecycle as any,
      notifier: news as unknown as OwnerNotifier,
      listeners: hooks,
      interval: 0.01,
      startupTime: 0.05,
    });
    (care as any).logger = { error: (message: string): unknown => errors.push(message) };
  });

  afterEach(async(): Promise<void> => care.finalize());

  it('looks at what was begun and at each pod, and frees the room of what has ended.', async(): Promise<void> => {
    await care.handle();
    await eventually(async(): Promise<true | undefined> => lifecycle.sweep.mock.calls.length > 3 || undefined);
    expect(verified).toEqual([ POD, ...PODS ]);
    expect(errors).toEqual([]);
  });

  it('goes on where a pod cannot be looked at.', async(): Promise<void> => {
    lifecycle.unfinishedEndings.mockResolvedValue([]);
    pods.verify.mockRejectedValueOnce(new Error('disk'));
    lifecycle.sweep.mockRejectedValue(new Error('full'));
    await care.handle();
    await eventually(async(): Promise<true | undefined> => errors.length > 1 || undefined);
    expect(errors.slice(0, 2)).toEqual([ expect.stringContaining(`${PODS[0]} could not be verified`), expect.stringContaining('full') ]);
    expect(verified).toHaveLength(149);
  });

  it('does not hold up the start of the server, and ends with it.', async(): Promise<void> => {
    let release = (): void => {};
    pods.verify.mockImplementation(async(): Promise<void> => new Promise((resolve): void => {
      release = resolve;
    }));
    await care.handle();
    expect(pods.verify).toHaveBeenCalledTimes(1);
    const end = care.finalize();
    release();
    await eventually(async(): Promise<true | undefined> => {
      release();
      return lifecycle.podsAfter.mock.calls.length > 0 || undefined;
    });
    await end;
    expect(pods.verify).toHaveBeenCalledTimes(1);
  });

  it('reports where the pods cannot be listed.', async(): Promise<void> => {
    lifecycle.podsAfter.mockRejectedValue(new Error('disk'));
    await care.handle();
    expect(errors).toEqual([ 'The verification of pods failed: disk' ]);
  });

  it('tells owners of containers that are gone, and sweeps at once when a pod has ended.', async(): Promise<void> => {
    await care.handle();
    await hooks.containerGone(`${POD}inbox/`);
    await hooks.containerGone('http://elsewhere/inbox/');
    expect(told).toEqual([ `${POD} ${POD}inbox/` ]);
    await hooks.ended(POD);
    expect(await hooks.verify(POD)).toBe(true);
    hooks.add({ verify: async(): Promise<boolean> => false });
    expect(await hooks.verify(POD)).toBe(false);
  });
});

describe('Resources that endpoints hide', (): void => {
  it('are logged when a pod is set up.', async(): Promise<void> => {
    const hooks = new PodListeners();
    const there = new Set([ `${POD}event`, `${POD}system`, 'http://localhost/v1/user/events/check' ]);
    const handler = { isClaimed: (url: string): boolean => !url.endsWith('system') } as unknown as EventHttpHandler;
    const resources = { hasResource: async({ path }: { path: string }): Promise<boolean> => there.has(path) };
    const hidden = new HiddenResourceReporter(handler, hooks, resources, 'http://localhost/');
    const warnings: string[] = [];
    (hidden as any).logger = { warn: (message: string): unknown => warnings.push(message) };
    await hidden.handle();
    await hooks.settingUp(POD);
    expect(warnings).toEqual([ `${POD}event`, 'http://localhost/v1/user/events/check' ]
      .map((url): unknown => expect.stringContaining(`The resource ${url} is hidden`)));
  });
});
