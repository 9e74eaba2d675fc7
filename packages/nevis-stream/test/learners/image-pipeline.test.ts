import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { normalizeImages } from '../../src/learners/image-pipeline.ts';

beforeAll(() => tf.setBackend('cpu'));

const bytes = (n: number, seed: number) =>
  Uint8Array.from({ length: n }, (_, index) => (index * 89 + seed * 31) % 256);

it('maps bytes 0, 51 and 255 to -1, -0.6 and 1 and repeats grey in three channels', () => {
  const images = Uint8Array.of(0, 51, 255, 0);
  const expected = [-1, -0.6, 1, -1].flatMap((value) => [value, value, value]);
  const result = normalizeImages(images, [2, 2, 1], 2);
  // One rounding to float32.
  for (const [index, value] of expected.entries()) expect(result[index]).toBeCloseTo(value, 6);
});

it('resizes as the half-pixel bilinear kernel of TensorFlow.js does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer(),
      (side, size, seed) => {
        const images = bytes(2 * side * side * 3, Math.abs(seed));
        const expected = tf.tidy(() => {
          const tensor = tf.tensor4d(Float32Array.from(images), [2, side, side, 3]);
          const resized = tf.image.resizeBilinear(tensor, [size, size], false, true);
          return tf.sub(tf.div(resized, 127.5), 1).dataSync();
        });
        const result = normalizeImages(images, [side, side, 3], size);
        expect(result.length).toBe(expected.length);
        // Values up to 1 from a few float32 operations each, in another order.
        for (const [index, value] of result.entries()) {
          expect(Math.abs(value - (expected[index] ?? Number.NaN))).toBeLessThan(2e-6);
        }
      },
    ),
  );
});

it('takes the square in the middle of an image that is wider or higher than that', () => {
  const square = bytes(9, 1);
  const wide = Uint8Array.from({ length: 15 }, (_, at) => {
    const [row, column] = [Math.floor(at / 5), (at % 5) - 1];
    return column >= 0 && column < 3 ? (square[row * 3 + column] ?? 0) : 77;
  });
  const high = Uint8Array.of(9, 9, 9, ...square, 9, 9, 9);
  const expected = normalizeImages(square, [3, 3, 1], 4);
  expect(normalizeImages(wide, [3, 5, 1], 4)).toEqual(expected);
  expect(normalizeImages(high, [5, 3, 1], 4)).toEqual(expected);
});

it('reads the first three of four bands', () => {
  const four = Uint8Array.of(10, 20, 30, 99, 40, 50, 60, 99, 70, 80, 90, 99, 15, 25, 35, 99);
  const three = four.filter((_, index) => index % 4 < 3);
  expect(normalizeImages(four, [2, 2, 4], 5)).toEqual(normalizeImages(three, [2, 2, 3], 5));
});
