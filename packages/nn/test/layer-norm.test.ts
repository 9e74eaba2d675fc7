import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  poisonMemory,
  randomTensor,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { layerNorm } from '../src/index.ts';
import { layerNormBackwardNaive, layerNormNaive } from '../src/layer-norm/naive.ts';

await describeBackends('layerNorm', (backend) => {
  for (const shape of [[4], [1, 6], [7, 5], [2, 3, 8], [3, 2, 2, 17], [96, 12]]) {
    for (const eps of [1e-6, 0.1]) {
      it(`has the reference's output and gradients for x [${shape}] and eps ${eps}`, async () => {
        poisonMemory();
        const width = shape.at(-1) ?? 1;
        const inputs = {
          x: normalInput(randomKey('x'), shape, 2, 1),
          scale: normalInput(randomKey('scale'), [width], 0.3, 1),
          bias: normalInput(randomKey('bias'), [width]),
        };
        const dy = normalInput(randomKey('dy'), shape);
        const arrays = { x: inputs.x.data, scale: inputs.scale.data, bias: inputs.bias.data };
        await expectLikeReference({
          op: ({ x, scale, bias }) =>
            layerNorm(x as tf.Tensor, scale as tf.Tensor, bias as tf.Tensor, eps),
          inputs,
          dy,
          y: layerNormNaive(arrays, eps),
          gradients: { ...layerNormBackwardNaive(arrays, dy.data, eps) },
          tolerance: tolerances[backend],
        });
      });
    }
  }

  it.each([5, 100.1, -3.3e5, 1e-20])(
    'gives the bias to the bit for rows of %d alone, and no gradient',
    async (value) => {
      for (const width of [3, 66, 197, 768, 4099]) {
        const scale = tf.ones([width]);
        const bias = randomTensor(randomKey('bias'), [width]);
        const x = tf.fill([2, width], value);
        const y = layerNorm(x, scale, bias);
        const dx = tf.grad((input: tf.Tensor) => layerNorm(input, scale, bias))(x);
        const expected = Array.from(await bias.data());
        await expectTensorClose(y, [...expected, ...expected], { rtol: 0, atol: 0 });
        // Ones, less their mean, which is rounded; over a deviation of a thousandth.
        await expectTensorClose(dx, new Array(2 * width).fill(0), { rtol: 0, atol: 1e-3 });
        tf.dispose([x, scale, bias, y, dx]);
      }
    },
  );

  it('loses nothing where the mean is large beside the deviation', async () => {
    // The mean of the squares less the square of the mean would leave no digit of the variance.
    const [x, scale, bias] = [tf.tensor1d([4095, 4096, 4097]), tf.ones([3]), tf.zeros([3])];
    const y = layerNorm(x, scale, bias);
    await expectTensorClose(y, [-Math.sqrt(1.5), 0, Math.sqrt(1.5)]);
    tf.dispose([x, scale, bias, y]);
  });
});

describe('the arguments of layerNorm', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const x = tf.zeros([2, 4]);
      expect(() => layerNorm(x, tf.ones([3]), tf.zeros([4]))).toThrow(
        new ShapeError('scale was [3]; it must be [4]'),
      );
      expect(() => layerNorm(x, tf.ones([4]), tf.zeros([1, 4]))).toThrow(
        new ShapeError('bias was [1, 4]; it must be [4]'),
      );
      for (const eps of [-1e-6, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => layerNorm(x, tf.ones([4]), tf.zeros([4]), eps)).toThrow(
          new RangeError(`eps was ${eps}; it must be a finite number >= 0`),
        );
      }
    });
  });
});
