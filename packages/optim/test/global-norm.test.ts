import { randomKey, randomNormal } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { clipByGlobalNorm, globalNorm } from '../src/index.ts';

/** Gradients of norm 13: 3-4-12. */
const pythagorean = () => ({
  a: tf.tensor2d([[3, 0]]),
  b: tf.scalar(-4),
  c: tf.tensor1d([12, 0, 0]),
});

await describeBackends('global norm', () => {
  it('takes all gradients as one vector', async () => {
    poisonMemory();
    const grads = pythagorean();
    const norm = globalNorm(grads);
    expect(norm.shape).toEqual([]);
    await expectTensorClose(norm, [13]);
    tf.dispose([grads, norm]);
  });

  it('stays exact for matrices of half a million numbers', async () => {
    const values = randomNormal(randomKey('matrix'), 600 * 900);
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    const grads = { kernel: tf.tensor2d(values, [600, 900]) };
    const computed = globalNorm(grads);
    // PyTorch adds in a tree; so close is out of reach of one long sum in float32.
    await expectTensorClose(computed, [norm], { rtol: 2e-6, atol: 0 });
    tf.dispose([grads, computed]);
  });

  it('scales gradients whose norm is too large, and leaves those given', async () => {
    const grads = pythagorean();
    const clipped = clipByGlobalNorm(grads, 6.5);
    await expectTensorClose(clipped.norm, [13]);
    await expectTensorClose(clipped.grads['a'] as tf.Tensor, { shape: [1, 2], data: [1.5, 0] });
    await expectTensorClose(clipped.grads['b'] as tf.Tensor, { shape: [], data: [-2] });
    await expectTensorClose(clipped.grads['c'] as tf.Tensor, { shape: [3], data: [6, 0, 0] });
    await expectTensorClose(grads.a, [3, 0]);
    tf.dispose([grads, clipped.grads, clipped.norm]);
  });

  it('leaves small gradients as they are, bit by bit', async () => {
    const grads = pythagorean();
    for (const maxNorm of [14, Number.POSITIVE_INFINITY]) {
      const clipped = clipByGlobalNorm(grads, maxNorm);
      for (const [name, grad] of Object.entries(clipped.grads)) {
        expect(await grad.data()).toEqual(await grads[name as 'a'].data());
      }
      tf.dispose([clipped.grads, clipped.norm]);
    }
    tf.dispose(grads);
  });

  it('keeps the direction and never exceeds the largest norm', async () => {
    const examples = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      scale: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      maxNorm: fc.double({ min: 1e-2, max: 1e2, noNaN: true }),
      seed: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(examples, async ({ sizes, scale, maxNorm, seed }) => {
        const values = sizes.map((size, index) =>
          randomNormal(randomKey(seed, index), size).map((value) => value * scale),
        );
        const squares = values.flatMap((array) => [...array]).map((value) => value * value);
        const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
        const grads = Object.fromEntries(values.map((array, i) => [`g${i}`, tf.tensor1d(array)]));
        const clipped = clipByGlobalNorm(grads, maxNorm);
        await expectTensorClose(clipped.norm, [norm]);
        // What PyTorch multiplies with.
        const factor = Math.min(1, maxNorm / (norm + 1e-6));
        for (const [index, array] of values.entries()) {
          await expectTensorClose(
            clipped.grads[`g${index}`] as tf.Tensor,
            [...array].map((value) => value * factor),
          );
        }
        tf.dispose([grads, clipped.grads, clipped.norm]);
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it('shows gradients that are not finite instead of hiding them', async () => {
    const notANumber = { a: tf.tensor1d([1, Number.NaN]), b: tf.tensor1d([2]) };
    const poisoned = clipByGlobalNorm(notANumber, 1);
    expect(await poisoned.norm.data()).toEqual(Float32Array.of(Number.NaN));
    expect(await poisoned.grads['b']?.data()).toEqual(Float32Array.of(Number.NaN));
    const infinite = { a: tf.tensor1d([1, Number.POSITIVE_INFINITY]) };
    const flat = clipByGlobalNorm(infinite, 1);
    expect(await flat.norm.data()).toEqual(Float32Array.of(Number.POSITIVE_INFINITY));
    expect(await flat.grads['a']?.data()).toEqual(Float32Array.of(0, Number.NaN));
    tf.dispose([notANumber, poisoned.grads, poisoned.norm]);
    tf.dispose([infinite, flat.grads, flat.norm]);
  });

  it('is 0 without gradients', async () => {
    const { grads, norm } = clipByGlobalNorm({}, 1);
    expect(grads).toEqual({});
    await expectTensorClose(norm, [0]);
    norm.dispose();
  });

  it('leaks nothing, and refuses a largest norm that is not above 0', async () => {
    const grads = pythagorean();
    await expectNoLeak(() => {
      const clipped = clipByGlobalNorm(grads, 1);
      tf.dispose([clipped.grads, clipped.norm, globalNorm(grads)]);
    });
    for (const maxNorm of [0, -1, Number.NaN]) {
      await expect(expectNoLeak(() => clipByGlobalNorm(grads, maxNorm))).rejects.toThrow(
        new RangeError(`maxNorm was ${maxNorm}; it must be above 0`),
      );
    }
    tf.dispose(grads);
  });
});
