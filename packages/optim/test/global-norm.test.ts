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

  it('stays exact for one long vector', async () => {
    const values = randomNormal(randomKey('vector'), 10_000_000);
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    const grads = { table: tf.tensor1d(values) };
    const computed = globalNorm(grads);
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

  // One kernel with an input for each gradient is too much for WebGPU, which binds at most eight buffers.
  it.each([7, 8, 17, 100])('adds up the norm of %i gradients', async (count) => {
    poisonMemory();
    const values = Array.from({ length: count }, (_, i) => randomNormal(randomKey('many', i), 6));
    const squares = values.flatMap((array) => [...array]).map((value) => value * value);
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const grads = Object.fromEntries(values.map((array, i) => [`g${i}`, tf.tensor(array, [2, 3])]));
    const clipped = clipByGlobalNorm(grads, 1);
    await expectTensorClose(clipped.norm, [norm]);
    const last = values.at(-1) ?? [];
    await expectTensorClose(
      clipped.grads[`g${count - 1}`] as tf.Tensor,
      [...last].map((value) => value / (norm + 1e-6)),
    );
    tf.dispose([grads, clipped.grads, clipped.norm]);
  });

  it('skips variables without a gradient', async () => {
    await expectNoLeak(async () => {
      const start = tf.tensor1d([3, 4]);
      const trained = tf.variable(start);
      const frozen = tf.variable(start, false);
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.mul(trained, frozen)) as tf.Scalar,
        [trained, frozen],
      );
      expect(grads[frozen.name]).toBeNull();
      const clipped = clipByGlobalNorm(grads, 1);
      expect(Object.keys(clipped.grads)).toEqual([trained.name]);
      await expectTensorClose(clipped.grads[trained.name] as tf.Tensor, [0.6, 0.8]);
      await expectTensorClose(clipped.norm, [5]);
      tf.dispose([start, trained, frozen, value, grads, clipped.grads, clipped.norm]);
    });
  });

  // What clip_grad_norm_ of PyTorch 2.13 leaves of gradients a and b. The square of 1e20 is above float32.
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  it.each([
    { a: [nan, 2], maxNorm: 1, norm: nan, clipped: { a: [nan, nan], b: [nan] } },
    { a: [infinity, 2], maxNorm: 1, norm: infinity, clipped: { a: [nan, 0], b: [0] } },
    { a: [1e20, 2], maxNorm: 1, norm: infinity, clipped: { a: [0, 0], b: [0] } },
    { a: [1e20, 2], maxNorm: infinity, norm: infinity, clipped: { a: [nan, nan], b: [nan] } },
  ])('treats $a with a largest norm of $maxNorm as PyTorch does', async (example) => {
    const grads = { a: tf.tensor1d(example.a), b: tf.tensor1d([3]) };
    const { grads: clipped, norm } = clipByGlobalNorm(grads, example.maxNorm);
    expect(await norm.data()).toEqual(Float32Array.of(example.norm));
    expect(await clipped['a']?.data()).toEqual(Float32Array.from(example.clipped.a));
    expect(await clipped['b']?.data()).toEqual(Float32Array.from(example.clipped.b));
    tf.dispose([grads, clipped, norm]);
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
