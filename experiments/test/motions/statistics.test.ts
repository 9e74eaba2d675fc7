import { expect, it } from 'vitest';
import { calibrate } from '../../src/motions/shipped/calibrate.ts';
import { interval } from '../../src/motions/statistics.ts';

it('has the interval that a textbook has', () => {
  // Mean 0.6, deviation 0.1; t with 2 degrees of freedom is 4.303.
  const { mean, half } = interval([0.5, 0.6, 0.7]);
  expect(mean).toBeCloseTo(0.6, 12);
  expect(half).toBeCloseTo((4.303 * 0.1) / Math.sqrt(3), 12);
  expect(interval([0.4, 0.4, 0.4])).toEqual({ mean: expect.closeTo(0.4), half: expect.closeTo(0) });
});

it('covers the mean in 95 of 100 cases', () => {
  // Three numbers from a fixed grid of the normal distribution, in turn.
  let state = 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let covered = 0;
  for (let trial = 0; trial < 4000; trial++) {
    const { mean, half } = interval([normal(), normal(), normal()]);
    if (Math.abs(mean) <= half) covered++;
  }
  expect(covered / 4000).toBeGreaterThan(0.94);
  expect(covered / 4000).toBeLessThan(0.96);
});

it('refuses one value, and more than there are quantiles for', () => {
  expect(() => interval([0.5])).toThrow('there were 1 values; an interval needs 2 to 10');
  expect(() => interval(Array(11).fill(0.5))).toThrow(RangeError);
});

it('finds from which probability on guesses are right often enough', () => {
  const guesses = [
    { probability: 0.9, isRight: true },
    { probability: 0.8, isRight: true },
    { probability: 0.7, isRight: false },
    { probability: 0.655, isRight: true },
    { probability: 0.5, isRight: false },
  ];
  expect(calibrate(guesses, 1)).toBe(0.8);
  expect(calibrate(guesses, 0.75)).toBe(0.66);
  expect(calibrate(guesses, 0.6)).toBe(0.5);
  expect(calibrate([{ probability: 0.9, isRight: false }], 0.5)).toBe(1);
});
