import { setKernelMode, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { normalDistribution } from '../../src/gelu/naive.ts';
import { gelu, softmax } from '../../src/index.ts';
import { softmaxNaive } from '../../src/softmax/naive.ts';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await useBackend('wasm');
  setKernelMode('native');
});

/** Largest of |value - expected| / expected, in units of float32's precision, 2^-24. */
function worst(values: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const e = expected[index] ?? Number.NaN;
    const error = Math.abs((values[index] ?? Number.NaN) - e) / Math.abs(e) / 2 ** -24;
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

const points = (from: number, to: number, count = 20_000) =>
  Float32Array.from({ length: count }, (_, index) => from + ((to - from) * (index + 0.5)) / count);

it('the exponential of softmax is within 2 units of the last place', () => {
  // Pairs (0, -x): the share of the second is e^-x / (1 + e^-x), and that of the first is 1 / (1 + e^-x).
  const x = points(0.01, 80);
  const pairs = Float32Array.from({ length: 2 * x.length }, (_, at) =>
    at % 2 === 0 ? 0 : -(x[at >> 1] ?? 0),
  );
  const shares = tf.tidy(() => softmax(tf.tensor2d(pairs, [x.length, 2])).dataSync());
  // One unit more for the division, one for the product, one for the sum.
  expect(worst(shares, softmaxNaive(Float64Array.from(pairs), 2))).toBeLessThan(2 * 2 + 3);
});

it.each([
  { from: -1.4, to: 1.4, units: 16 },
  { from: 1.4, to: 8, units: 6 },
  { from: -4, to: -1.4, units: 24 },
])('GELU by erf is within $units times 2^-24 from $from to $to', ({ from, to, units }) => {
  const x = points(from, to);
  const y = tf.tidy(() => gelu(tf.tensor1d(x), { form: 'erf' }).dataSync());
  const expected = Float64Array.from(x, (v) => v * normalDistribution(v));
  expect(worst(y, expected)).toBeLessThan(units);
});
