import type { TestServer } from './server';
import { startServer } from './server';

// Not a test of the suite: `setUp.test.ts` runs it, and expects that it fails and that its process ends.
describe('A test whose set-up fails', (): void => {
  let server: TestServer | undefined;

  beforeAll(async(): Promise<void> => {
    const started = await startServer('test/config/plain.json', []);
    throw new Error(`the set-up fails after ${started.baseUrl} has started`);
  });

  afterAll(async(): Promise<void> => {
    await server!.stop();
  });

  it('does not run.', (): void => {
    expect(server).toBeUndefined();
  });
});
