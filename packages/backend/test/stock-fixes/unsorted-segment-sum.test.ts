import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { randomInt, randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { withoutWasmKernel } from './stock.ts';

await describeBackends('unsortedSegmentSum', (backend) => {
  beforeAll(() => poisonMemory());

  if (backend === 'wasm') {
    it('has no kernel in stock TensorFlow.js, so that gather has no gradient', async () => {
      const table = tf.tensor2d([1, 2, 3, 4], [2, 2]);
      const f = (x: tf.Tensor) => tf.gather(x, tf.tensor1d([1, 1, 0], 'int32'));
      const gradient = () => tf.tidy(() => tf.grad(f)(table));
      expect(() => withoutWasmKernel('UnsortedSegmentSum', gradient)).toThrow(
        /'UnsortedSegmentSum'.*'wasm'/,
      );
      await expectTensorClose(gradient(), { shape: [2, 2], data: [1, 1, 2, 2] });
    });
  }

  it.each([
    { shape: [1], segments: 1 },
    { shape: [7], segments: 3 },
    { shape: [5, 3], segments: 9 },
    { shape: [6, 2, 5], segments: 2 },
    { shape: [70_000, 3], segments: 11 },
  ])('of $shape into $segments is that of plain loops', async ({ shape, segments }) => {
    const rows = shape[0] ?? 1;
    const x = randomTensor(randomKey(7, 'x'), shape);
    const ids = Int32Array.from(randomInt(randomKey(7, 'ids'), rows, segments));
    const values = await x.data();
    const width = values.length / rows;
    const expected = new Float64Array(segments * width);
    for (const [place, value] of values.entries()) {
      const to = (ids[Math.floor(place / width)] ?? 0) * width + (place % width);
      expected[to] = (expected[to] ?? 0) + value;
    }
    const f = (y: tf.Tensor) => tf.unsortedSegmentSum(y, tf.tensor1d(ids, 'int32'), segments);
    // Sums of several thousand numbers.
    const tolerance = rows > 1000 ? { rtol: 1e-4, atol: 1e-3 } : undefined;
    await expectTensorClose(
      f(x),
      { shape: [segments, ...shape.slice(1)], data: expected },
      tolerance,
    );
    await expectNoLeak(() => tf.tidy(() => void f(x)));
  });

  // Elsewhere they are as TensorFlow.js has them.
  if (backend === 'wasm') {
    it('leaves out negative segments and those beyond the last', async () => {
      const x = tf.tensor2d([1, 2, 4, 8, 16, 32], [3, 2]);
      const y = tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 2], 'int32'), 2);
      await expectTensorClose(y, { shape: [2, 2], data: [0, 0, 1, 2] });
    });

    it('sums integers', async () => {
      const x = tf.tensor1d([1, 2, 4], 'int32');
      const y = tf.unsortedSegmentSum(x, tf.tensor1d([1, 1, 0], 'int32'), 2);
      expect(y.dtype).toBe('int32');
      await expectTensorClose(y, [4, 3]);
    });
  }

  if (backend === 'cpu') {
    it('refuses complex numbers', async () => {
      const x = tf.complex([1, 2], [3, 4]);
      const sum = () => tf.unsortedSegmentSum(x, tf.tensor1d([0, 1], 'int32'), 2);
      expect(sum).toThrow(/^x of unsortedSegmentSum was complex64; it must be/);
    });
  }
});
