// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, withKernel } from './stock.ts';

// As TensorFlow.js registers them, before any backend is started.
const stock = Object.fromEntries(
  ['cpu', 'wasm'].map((backend) => [backend, tf.getKernel('BatchMatMul', backend)]),
);

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** The sum over the inner axis of products, of whole numbers. */
function naive(a: number[], b: number[], [batchA, batchB]: number[][], transposed: boolean) {
  const [rows, inner, columns] = [2, 3, 4];
  const rank = Math.max(batchA?.length ?? 0, batchB?.length ?? 0);
  const [ofA = [], ofB = []] = [batchA ?? [], batchB ?? []].map((batch) => [
    ...Array<number>(rank - batch.length).fill(1),
    ...batch,
  ]);
  const whole = ofA.map((size, axis) => Math.max(size, ofB[axis] ?? 1));
  const place = (batch: readonly number[], index: number): number =>
    batch.reduce((sum, size, axis) => {
      const at = Math.floor(index / sizeOf(whole.slice(axis + 1))) % (whole[axis] ?? 1);
      return sum * size + (size === 1 ? 0 : at);
    }, 0);
  const values = Array.from({ length: sizeOf(whole) * rows * columns }, (_, index) => {
    const [column, row] = [index % columns, Math.floor(index / columns) % rows];
    const batch = Math.floor(index / columns / rows);
    const [startA, startB] = [
      place(ofA, batch) * rows * inner,
      place(ofB, batch) * inner * columns,
    ];
    const inA = (k: number) => startA + (transposed ? k * rows + row : row * inner + k);
    const inB = (k: number) => startB + (transposed ? column * inner + k : k * columns + column);
    return [0, 1, 2].reduce((sum, k) => sum + (a[inA(k)] ?? 0) * (b[inB(k)] ?? 0), 0);
  });
  return { values, shape: [...whole, rows, columns] };
}

const batches: [number[], number[]][] = [
  ...([
    [[2, 1], [3]],
    [
      [2, 3],
      [2, 1],
    ],
    [[2, 3], [3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[3], [2, 1]],
  ] as [number[], number[]][]),
  ...([
    [[], [2, 3]],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 2, 1],
      [1, 2],
    ],
    [
      [2, 1, 3],
      [2, 3],
    ],
  ] as [number[], number[]][]),
];

await describeBackends('products of batches', (backend) => {
  it.each(
    batches.flatMap(([a, b]) =>
      (['float32', 'int32'] as const).flatMap((dtype) =>
        [false, true].map((transposed) => ({ a, b, dtype, transposed })),
      ),
    ),
  )('broadcast [$a] and [$b] of $dtype, transposed: $transposed', async (example) => {
    const { a: batchA, b: batchB, dtype, transposed } = example;
    poisonMemory();
    const shapeA = [...batchA, ...(transposed ? [3, 2] : [2, 3])];
    const shapeB = [...batchB, ...(transposed ? [4, 3] : [3, 4])];
    const a = Array.from({ length: sizeOf(shapeA) }, (_, i) => ((i * 7) % 11) - 5);
    const b = Array.from({ length: sizeOf(shapeB) }, (_, i) => ((i * 5) % 13) - 6);
    const expected = naive(a, b, [batchA, batchB], transposed);
    const [left, right] = [tf.tensor(a, shapeA, dtype), tf.tensor(b, shapeB, dtype)];
    const work = () => tf.matMul(left, right, transposed, transposed);
    const y = work();
    expect(y.dtype).toBe(dtype);
    expect(y.shape).toEqual(expected.shape);
    await expectTensorClose(y, expected.values);
    await expectNoLeak(() => work().dispose());
    if (dtype === 'int32') return;
    const [da] = tf.grads((x: tf.Tensor) => tf.sum(tf.matMul(x, right, transposed, transposed)))([
      left,
    ]);
    // The product is linear, so that its gradient times a is the sum of it.
    const total = expected.values.reduce((sum, value) => sum + value, 0);
    expect(dot(await (da as tf.Tensor).data(), a)).toBeCloseTo(total, 2);
  });

  it.each(batches.flatMap(([a, b]) => [false, true].map((transposed) => ({ a, b, transposed }))))(
    'are fused: [$a] and [$b], transposed: $transposed',
    async ({ a, b, transposed }) => {
      const left = randomTensor(randomKey('a'), [...a, ...(transposed ? [3, 2] : [2, 3])]);
      const right = randomTensor(randomKey('b'), [...b, ...(transposed ? [4, 3] : [3, 4])]);
      const bias = randomTensor(randomKey('bias'), [4]);
      const fused = (x: tf.Tensor, y: tf.Tensor, z: tf.Tensor, activation: 'linear' | 'relu') =>
        tf.fused.matMul({
          ...{ a: x, b: y, bias: z, activation },
          ...{ transposeA: transposed, transposeB: transposed },
        }) as tf.Tensor;
      const plain = (x: tf.Tensor, y: tf.Tensor, z: tf.Tensor) =>
        tf.add(tf.matMul(x, y, transposed, transposed), z);
      const y = fused(left, right, bias, 'relu');
      const wanted = plain(left, right, bias);
      expect(y.shape).toEqual(wanted.shape);
      await expectTensorClose(y, await tf.relu(wanted).data());
      const dy = randomTensor(randomKey('dy'), wanted.shape);
      const gradients = (work: (x: tf.Tensor, y: tf.Tensor, z: tf.Tensor) => tf.Tensor) =>
        tf.grads((x: tf.Tensor, y: tf.Tensor, z: tf.Tensor) => tf.sum(tf.mul(work(x, y, z), dy)))([
          left,
          right,
          bias,
        ]);
      const found = gradients((...of) => fused(...of, 'linear'));
      for (const [index, gradient] of gradients(plain).entries()) {
        const own = found[index] as tf.Tensor;
        expect(own.shape).toEqual(gradient.shape);
        await expectTensorClose(own, await gradient.data());
      }
      await expectNoLeak(() => fused(left, right, bias, 'relu').dispose());
      await expectNoLeak(() => tf.dispose(gradients((...of) => fused(...of, 'linear'))));
    },
  );

  it.runIf(stock[backend])('start again at their end in stock TensorFlow.js', async () => {
    const [a, b] = [tf.ones([2, 3, 1, 1]), tf.tensor([1, 2], [2, 1, 1, 1])];
    const work = () => tf.matMul(a, b);
    const expected = [1, 1, 1, 2, 2, 2];
    expect([...(await withKernel(stock[backend] as tf.KernelConfig, work).data())]).not.toEqual(
      expected,
    );
    expect([...(await work().data())]).toEqual(expected);
  });

  it('of integers beyond 2^24 are exact', async () => {
    const [a, b] = [
      tf.tensor2d([[2 ** 24, 1]], undefined, 'int32'),
      tf.tensor2d([[1], [1]], undefined, 'int32'),
    ];
    expect([...(await tf.matMul(a, b).data())]).toEqual([2 ** 24 + 1]);
    const labels = tf.tensor1d([0, 2, 1, 2], 'int32');
    const matrix = tf.math.confusionMatrix(labels, tf.tensor1d([0, 2, 2, 1], 'int32'), 3);
    expect([...(await matrix.data())]).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 1]);
  });
});
