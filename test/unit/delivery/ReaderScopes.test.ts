import { ReaderScopes } from '../../../src/delivery/ReaderScopes';
import type { ReaderScope } from '../../../src/delivery/ports';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { POD } from '../../contract/fixtures';

describe('What is known of readers', (): void => {
  it('is forgotten, oldest first, when it grows too large or old.', async(): Promise<void> => {
    const store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    const closed: number[] = [];
    const close = jest.spyOn(store, 'closeScope').mockImplementation(async({ id }): Promise<void> => {
      closed.push(id);
    });
    const scopes = new ReaderScopes(store, 60_000, { answers: 10, scopes: 3 });
    const learn = async(name: string, answers: number): Promise<ReaderScope> => {
      const scope = await scopes.get(POD, name);
      await scopes.learn(scope, new Map(Array.from({ length: answers }, (_, index): [string, boolean] =>
        [ `http://localhost/${index}#me`, true ])));
      return scope;
    };
    const first = await learn('one', 1);
    expect(await scopes.get(POD, 'one')).toBe(first);
    await learn('two', 1);
    await learn('three', 1);
    expect(closed).toEqual([]);
    await learn('four', 9);
    expect(closed).toEqual([ first.id ]);
    await learn('five', 1);
    expect(closed).toHaveLength(2);
    expect(await scopes.get(POD, 'one')).not.toBe(first);
    close.mockRestore();
    await store.close();
  });
});
