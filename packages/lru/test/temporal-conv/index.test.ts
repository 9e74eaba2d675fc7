import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  poisonMemory,
  randomTensor,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initTemporalConv, type SequenceOptions, temporalConv } from '../../src/index.ts';
import { positionsTensor } from '../positions.ts';
import { cuts, expectPartsLikeWhole } from '../splits.ts';
import { convArguments, convCase } from './conv-case.ts';

await describeBackends('temporalConv', (backend) => {
  const tolerance = tolerances[backend];
  for (const args of convArguments) {
    const [shape, taps, restarts] = args;
    const name = `of [${shape}] with ${taps} taps${restarts ? ' and restarts' : ''}`;
    it(`${name} has the reference's output and gradients`, async () => {
      poisonMemory();
      await expectLikeReference(convCase(args, tolerance));
    });
  }

  it('hands no number that is not finite over the beginning of a sequence to the next call', async () => {
    const params = { w: tf.ones([3, 1]), b: tf.zeros([1]) };
    const x = tf.tensor3d([Number.NaN, 2, 3, Number.POSITIVE_INFINITY], [2, 2, 1]);
    const segmentPos = tf.tensor2d([5, 0, 0, 0], [2, 2], 'int32');
    const { y, state } = temporalConv(x, params, { segmentPos });
    await expectTensorClose(tf.slice(state, [0, 0, 0], [1, 2, 1]), [0, 2]);
    expect(Array.from(await state.data()).slice(2)).toEqual([0, Number.POSITIVE_INFINITY]);
    tf.dispose([params, x, segmentPos, y, state]);
  });

  it('lets nothing that is not finite over the beginning of a sequence, with gradients either', async () => {
    const x = tf.tensor3d([Number.NaN, 2, 3], [1, 3, 1]);
    const params = { w: tf.ones([3, 1]), b: tf.zeros([1]) };
    const segmentPos = tf.tensor2d([[5, 0, 1]], [1, 3], 'int32');
    const conv = (w: tf.Tensor) => temporalConv(x, { ...params, w }, { segmentPos }).y;
    const [y, dw] = [conv(params.w), tf.grad(conv)(params.w)];
    expect([...(await y.data())].slice(1)).toEqual([2, 5]);
    // By the last tap the first step meets itself.
    expect([...(await dw.data())].slice(0, 2)).toEqual([0, 2]);
    tf.dispose([x, params, segmentPos, y, dw]);
  });

  it('of parts, cut at any points, is that of the whole, with restarts and without', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.nat({ max: 9 }),
        fc.boolean(),
        fc.integer({ min: 2, max: 5 }),
        fc.nat(),
        async (steps, count, restarts, taps, seed) => {
          const params = {
            w: randomTensor(randomKey(seed, 'w'), [taps, 3]),
            b: randomTensor(randomKey(seed, 'b'), [3]),
          };
          const x = randomTensor(randomKey(seed, 'x'), [2, steps, 3]);
          const segmentPos = positionsTensor(2, steps, seed);
          await expectPartsLikeWhole(
            (part, options: SequenceOptions<tf.Tensor>) => temporalConv(part, params, options),
            x,
            restarts ? segmentPos : undefined,
            cuts(randomKey(seed, 'cuts'), steps, count),
            tolerance,
          );
          tf.dispose([params, x, segmentPos]);
        },
      ),
      { numRuns: backend === 'webgpu' ? 4 : 20 },
    );
  });

  it('weighs the current step with the last weight, and sees no step to come', async () => {
    const params = { w: tf.tensor2d([1000, 100, 10, 1], [4, 1]), b: tf.tensor1d([0.5]) };
    const { y, state } = temporalConv(tf.tensor3d([1, 2, 3, 4, 5], [1, 5, 1]), params);
    const data = [1.5, 12.5, 123.5, 1234.5, 2345.5];
    await expectTensorClose(y, { shape: [1, 5, 1], data });
    await expectTensorClose(state, { shape: [1, 3, 1], data: [3, 4, 5] });
  });

  it('passes the gradient of the state on to the steps in it, but not over a restart', async () => {
    const x = tf.tensor3d([1, 2, 3, 4], [1, 4, 1]);
    const params = { w: tf.ones([4, 1]), b: tf.zeros([1]) };
    const segmentPos = tf.tensor2d([[4, 5, 0, 1]], [1, 4], 'int32');
    const dState = tf.tensor3d([7, 8, 9], [1, 3, 1]);
    const last = (input: tf.Tensor) => temporalConv(input, params, { segmentPos }).state;
    await expectTensorClose(last(x), { shape: [1, 3, 1], data: [0, 3, 4] });
    await expectTensorClose(tf.grad(last)(x, dState), { shape: [1, 4, 1], data: [0, 0, 8, 9] });
  });

  it('starts with weights of variance 0.01 over the taps', async () => {
    const { w, b } = initTemporalConv(randomKey(1), { width: 5000 }) as Record<
      'w' | 'b',
      tf.Tensor
    >;
    expect([w.shape, b.shape]).toEqual([[4, 5000], [5000]]);
    const { mean, variance } = tf.moments(w);
    expect(Math.abs((await mean.data())[0] ?? 1)).toBeLessThan(0.0015);
    expect(((await variance.data())[0] ?? 0) / 0.0025).toBeCloseTo(1, 1);
    expect((await tf.max(tf.abs(b)).data())[0]).toBe(0);
  });
});

describe('the arguments of temporalConv', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = { w: tf.zeros([4, 3]), b: tf.zeros([3]) };
      const x = tf.zeros([2, 5, 3]);
      expect(() => temporalConv(tf.zeros([2, 5, 4]), params)).toThrow(
        new ShapeError('params["w"] was [4, 3]; it must be [K, 4]'),
      );
      expect(() => temporalConv(x, { ...params, w: tf.zeros([1, 3]) })).toThrow(
        new ShapeError('params["w"] had 1 tap; it must have at least 2'),
      );
      expect(() => temporalConv(x, params, { state: tf.zeros([2, 4, 3]) })).toThrow(
        new ShapeError('state was [2, 4, 3]; it must be [2, 3, 3]'),
      );
      expect(() => temporalConv(x, params, { segmentPos: tf.zeros([2], 'int32') })).toThrow(
        new ShapeError('segmentPos was [2]; it must be [2, 5]'),
      );
    });
  });
});
