import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatFlops,
  formatGibibytes,
  formatNats,
  formatPoints,
  formatPValue,
  formatSeconds,
  formatShare,
  plural,
  quantity,
} from '../../src/report/format.ts';

describe('formats', () => {
  it.each([
    ['0', '0 FLOP'],
    ['999', '999 FLOP'],
    ['1000', '1.00 kFLOP'],
    ['12345', '12.3 kFLOP'],
    ['999499', '999 kFLOP'],
    ['999500', '1.00 MFLOP'],
    ['999999', '1.00 MFLOP'],
    ['2153488384', '2.15 GFLOP'],
    ['5700000000000000000', '5.70 EFLOP'],
    ['123456789012345678901234567890', '123000 YFLOP'],
  ])('writes %s operations as %s', (flops, text) => {
    expect(formatFlops(flops)).toBe(text);
  });

  it('keeps three digits of every number of operations', () => {
    const powers: Record<string, number> = { k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
    fc.assert(
      fc.property(fc.bigInt({ min: 1000n, max: 10n ** 20n }), (flops) => {
        const [, digits = '', prefix = ''] =
          /^([\d.]+) (\w)FLOP$/.exec(formatFlops(`${flops}`)) ?? [];
        expect(digits.replace('.', '')).toHaveLength(3);
        const value = Number(digits) * 10 ** (powers[prefix] ?? Number.NaN);
        expect(Math.abs(value / Number(flops) - 1)).toBeLessThan(0.005001);
      }),
    );
  });

  it.each([
    [0.038, '0.04 s'],
    [9.994, '9.99 s'],
    [9.996, '10.0 s'],
    [59.94, '59.9 s'],
    [59.96, '1 min 00 s'],
    [125.4, '2 min 05 s'],
    [3599.4, '59 min 59 s'],
    [3599.6, '1 h 00 min'],
    [7325, '2 h 02 min'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('writes shares, nats, counts and bytes', () => {
    expect([0, 0.09838, 1].map(formatShare)).toEqual(['0.00%', '9.84%', '100.00%']);
    expect([0.46449, null].map(formatNats)).toEqual(['0.464', '–']);
    expect(formatCount(41968)).toBe('41,968');
    expect(formatGibibytes(8_337_358_848)).toBe('7.8 GiB');
    expect([plural(1, 'task'), plural(1200, 'task')]).toEqual(['1 task', '1,200 tasks']);
    expect(plural(2, 'search', 'searches')).toBe('2 searches');
    expect([0.02361, -0.00999, -0.000001].map(formatPoints)).toEqual(['2.36', '−1.00', '0.00']);
    expect([1, 0.0214, 0.0009].map(formatPValue)).toEqual(['p = 1.000', 'p = 0.021', 'p < 0.001']);
  });
});

describe('quantity', () => {
  it('has the text for people, the value for machines and where it is from', () => {
    expect(quantity(0.125, formatShare, '/learners/0').markup).toBe(
      '<data value="0.125" data-from="/learners/0">12.50%</data>',
    );
    expect(quantity(null, formatNats).markup).toBe('<data value="">–</data>');
  });
});
