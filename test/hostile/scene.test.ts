import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { post } from '../util/scene';

describe('An innocent client', (): void => {
  let scene: HostileScene | undefined;

  beforeAll(async(): Promise<void> => {
    scene = await startHostileScene();
  });

  afterAll(async(): Promise<void> => {
    await scene?.end();
    await killAll();
  });

  it('is served while another client publishes.', async(): Promise<void> => {
    const { producer, user, during } = scene!;
    const { result, answered, failures, turns } = await during(async(): Promise<number[]> => {
      const statuses: number[] = [];
      for (let at = 0; at < 20; at += 1) {
        const event = { recipient: user.webId, topic: 'a/b#c', data: { at }};
        statuses.push((await post(producer.fetch, `${producer.pod}publish/`, event)).status);
      }
      return statuses;
    });
    expect(result).toEqual(Array.from({ length: 20 }, (): number => 201));
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(0);
  });
});
