import { AccountWebIdLinks } from '../../../../src/identity/account/AccountWebIdLinks';

const ME = 'http://localhost/me#me';

describe('Whether an account has a WebID', (): void => {
  let isLinked: jest.Mock;
  let holders: AccountWebIdLinks;
  let now: number;

  beforeEach((): void => {
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation((): number => now);
    isLinked = jest.fn(async(): Promise<boolean> => true);
    holders = new AccountWebIdLinks({ isLinked } as any);
  });

  afterEach((): void => {
    jest.restoreAllMocks();
  });

  it('is asked once in two seconds, however often it is used.', async(): Promise<void> => {
    expect(await Promise.all([ holders.isLinked('a', ME), holders.isLinked('a', ME) ])).toEqual([ true, true ]);
    now += 1_999;
    isLinked.mockResolvedValue(false);
    expect(await holders.isLinked('a', ME)).toBe(true);
    expect(isLinked).toHaveBeenCalledTimes(1);
    now += 2;
    expect(await holders.isLinked('a', ME)).toBe(false);
    expect(isLinked).toHaveBeenLastCalledWith(ME, 'a');
  });

  it('is asked of each account and WebID.', async(): Promise<void> => {
    await holders.isLinked('a', ME);
    await holders.isLinked('b', ME);
    await holders.isLinked('a', `${ME}2`);
    expect(isLinked).toHaveBeenCalledTimes(3);
  });

  it('is asked again after it could not be told.', async(): Promise<void> => {
    isLinked.mockRejectedValueOnce(new Error('disk'));
    await expect(holders.isLinked('a', ME)).rejects.toThrow('disk');
    expect(await holders.isLinked('a', ME)).toBe(true);
  });
});
