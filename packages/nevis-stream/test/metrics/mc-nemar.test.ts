import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holm, mcNemar } from '../../src/metrics/index.ts';
import golden from '../golden/paired-tests.json' with { type: 'json' };

it.each(golden.mcNemar)('has the p-value of scipy at $counts', ({ counts, p }) => {
  const [first = 0, second = 0] = counts;
  const own = mcNemar(first, second);
  expect(Math.abs(own - p)).toBeLessThanOrEqual(1e-10 * p);
});

it('is the exact sum of binomial coefficients, whichever learner comes first', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(60), (first, second) => {
      const all = BigInt(first + second);
      let coefficient = 1n;
      let tail = 0n;
      for (let at = 0n; at <= BigInt(Math.min(first, second)); at++) {
        tail += coefficient;
        coefficient = (coefficient * (all - at)) / (at + 1n);
      }
      // Numbers of at most 121 bits, to 53 of them.
      const exact = Math.min(1, Number(2n * tail) / 2 ** Number(all));
      expect(mcNemar(first, second)).toBeCloseTo(exact, 12);
      expect(mcNemar(second, first)).toBe(mcNemar(first, second));
    }),
  );
});

it('corrects several p-values as Holm does', () => {
  // By hand: 4 x .01, then the larger of that and 3 x .02, of that and 2 x .03, of that and .04.
  expect(holm([0.03, 0.01, 0.04, 0.02])).toEqual([0.06, 0.04, 0.06, 0.06]);
  expect(holm([0.5, 0.9])).toEqual([1, 1]);
  expect(holm([0.04])).toEqual([0.04]);
  expect(holm([])).toEqual([]);
});
