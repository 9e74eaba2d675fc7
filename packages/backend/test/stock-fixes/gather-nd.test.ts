// In a process of its own: it takes gradients as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomInt, randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, weightedGradient, withStockGradient } from './stock.ts';

function naiveGatherNd(
  params: Float64Array,
  shape: readonly number[],
  indices: ArrayLike<number>,
  depth: number,
): number[] {
  const width = shape.slice(depth).reduce((product, length) => product * length, 1);
  return Array.from({ length: indices.length / depth }, (_, row) => {
    let place = 0;
    for (let axis = 0; axis < depth; axis++) {
      place = place * (shape[axis] ?? 1) + (indices[row * depth + axis] ?? 0);
    }
    return Array.from(params.subarray(place * width, (place + 1) * width));
  }).flat();
}

await describeBackends('the gradient of gatherND', () => {
  beforeAll(() => poisonMemory());

  it('is missing in stock TensorFlow.js', async () => {
    const params = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const indices = tf.tensor2d([1, 0, 1, 0], [2, 2], 'int32');
    const gradient = () =>
      weightedGradient((x) => tf.gatherND(x, indices), params, tf.tensor1d([10, 100]));
    expect(() => withStockGradient('GatherNd', gradient)).toThrow('not found for GatherNd');
    await expectTensorClose(gradient(), { shape: [2, 2], data: [0, 0, 110, 0] });
  });

  describe.each([
    { shape: [5], indices: [4, 1] },
    { shape: [3, 4], indices: [7, 1] },
    { shape: [3, 4], indices: [7, 2] },
    { shape: [2, 3, 4], indices: [9, 2] },
    { shape: [2, 3, 4], indices: [2, 3, 3] },
    { shape: [2, 3, 4], indices: [2, 2, 1] },
    { shape: [3, 4], indices: [2] },
    { shape: [3, 4], indices: [1] },
  ])('of $shape by indices of $indices', ({ shape, indices: of }) => {
    it('is that of finite differences, also where places repeat', async () => {
      const depth = of.at(-1) ?? 1;
      const count = of.reduce((product, length) => product * length, 1);
      const places = Int32Array.from({ length: count }, (_, index) => {
        const bound = shape[index % depth] ?? 1;
        return randomInt(randomKey(5, 'indices', index), 1, bound)[0] ?? 0;
      });
      const indices = tf.tensor(places, of, 'int32');
      const params = randomTensor(randomKey(5, 'params'), shape);
      const f = (x: tf.Tensor) => tf.gatherND(x, indices);
      const y = f(params);
      const weights = randomTensor(randomKey(5, 'weights'), y.shape);
      const w = await weights.data();
      const naive = (x: Float64Array) => naiveGatherNd(x, shape, places, depth);
      await expectTensorClose(y, naive(Float64Array.from(await params.data())));
      const expected = numericGradient((x) => dot(naive(x), w), await params.data());
      await expectTensorClose(weightedGradient(f, params, weights), { shape, data: expected });
      await expectNoLeak(() => weightedGradient(f, params, weights).dispose());
    });
  });
});
