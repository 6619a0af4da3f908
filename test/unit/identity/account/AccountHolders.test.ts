import { AccountHolders } from '../../../../src/identity/account/AccountHolders';

const ME = 'http://localhost/me#me';

describe('Whether an account has a WebID', (): void => {
  let isLinked: jest.Mock;
  let holders: AccountHolders;
  let now: number;

  beforeEach((): void => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation((): number => now);
    isLinked = jest.fn(async(): Promise<boolean> => true);
    holders = new AccountHolders({ isLinked } as any);
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  it('is asked once in two seconds, however often it is used.', async(): Promise<void> => {
    expect(await Promise.all([ holders.has('a', ME), holders.has('a', ME) ])).toEqual([ true, true ]);
    now += 1_999;
    isLinked.mockResolvedValue(false);
    expect(await holders.has('a', ME)).toBe(true);
    expect(isLinked).toHaveBeenCalledTimes(1);
    now += 2;
    expect(await holders.has('a', ME)).toBe(false);
    expect(isLinked).toHaveBeenLastCalledWith(ME, 'a');
  });

  it('is asked of each account and WebID.', async(): Promise<void> => {
    await holders.has('a', ME);
    await holders.has('b', ME);
    await holders.has('a', `${ME}2`);
    expect(isLinked).toHaveBeenCalledTimes(3);
  });

  it('is asked again after it could not be told.', async(): Promise<void> => {
    isLinked.mockRejectedValueOnce(new Error('disk'));
    await expect(holders.has('a', ME)).rejects.toThrow('disk');
    expect(await holders.has('a', ME)).toBe(true);
  });
});
