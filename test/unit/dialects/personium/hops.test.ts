import { hopsOf } from '../../../../src/dialects/personium/hops';

const CELL = 'https://cell.example/';

describe('The hops of an external event', (): void => {
  it.each([
    [ undefined, undefined, 0 ],
    [ '0', undefined, 0 ],
    [ '2', undefined, 2 ],
    [ '007', undefined, 7 ],
    [ undefined, CELL, 1 ],
    [ undefined, `${CELL}, ${CELL},,`, 2 ],
    [ '1', `${CELL},${CELL}`, 2 ],
    [ '3', CELL, 3 ],
    [ '3', '', 3 ],
    [ '', CELL, Infinity ],
    [ '-1', undefined, Infinity ],
    [ '1.5', undefined, Infinity ],
    [ '1e3', undefined, Infinity ],
    [ '1, 1', undefined, Infinity ],
    [ '9'.repeat(16), undefined, Infinity ],
    [ 'none', undefined, Infinity ],
  ])('with the chain %p and via %p are %p.', (chain, via, hops): void => {
    expect(hopsOf({ 'x-personium-rulechain': chain, 'x-personium-via': via })).toBe(hops);
  });

  it('are none that proxies have made.', (): void => {
    expect(hopsOf({ via: '1.1 a, 1.1 b, 1.1 c, 1.1 d' })).toBe(0);
  });
});
