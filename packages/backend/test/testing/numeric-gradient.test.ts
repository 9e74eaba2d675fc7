import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numericGradient, numericGradients } from '../../src/testing/index.ts';

const at = (x: Float64Array, index: number): number => x[index] ?? Number.NaN;

it('agrees with a derivative known by hand to nine digits', () => {
  const f = (x: Float64Array): number => Math.sin(at(x, 0)) * at(x, 1) ** 3 + Math.exp(at(x, 2));
  const gradient = numericGradient(f, [0.5, -2, 1]);
  expect(gradient[0]).toBeCloseTo(-8 * Math.cos(0.5), 8);
  expect(gradient[1]).toBeCloseTo(12 * Math.sin(0.5), 8);
  expect(gradient[2]).toBeCloseTo(Math.E, 8);
});

it('is exact for a square up to rounding, also far from zero', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (x) => {
      const [slope] = numericGradient((point) => at(point, 0) ** 2, [x]);
      expect(Math.abs((slope ?? Number.NaN) - 2 * x)).toBeLessThanOrEqual(
        1e-9 * Math.max(1, Math.abs(x)),
      );
    }),
  );
});

it('leaves the point as it was, and gives f a copy', () => {
  const x = Float64Array.of(1, 2);
  expect(numericGradient((point) => at(point, 0) + 2 * at(point, 1), x)).toHaveLength(2);
  expect([...x]).toEqual([1, 2]);
});

it('of many outputs, is that of their sum with the given weights, for every input', () => {
  const inputs = {
    a: { shape: [2], data: Float64Array.of(2, 3) },
    b: { shape: [1], data: Float64Array.of(5) },
  };
  const { a, b } = numericGradients(inputs, [1, 10], ({ a, b }) =>
    (a as Float64Array).map((value) => value ** 2 * (b?.[0] ?? 0)),
  );
  expect(a?.[0]).toBeCloseTo(20, 6);
  expect(a?.[1]).toBeCloseTo(300, 6);
  expect(b?.[0]).toBeCloseTo(94, 6);
});
