// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { describeBackends, expectNoLeak, poisonMemory } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

/** Above what float32 holds. */
const large = 2 ** 24 + 1;
const integers = (values: number[], shape?: number[]) => tf.tensor(values, shape, 'int32');
const bools = (values: number[], shape?: number[]) => tf.tensor(values, shape, 'bool');

// As TensorFlow.js registers them, before any backend is started.
const stockNeg = tf.getKernel('Neg', 'wasm');
const stockSquare = tf.getKernel('Square', 'cpu');

interface Case {
  readonly name: string;
  readonly work: () => tf.Tensor;
  readonly expected: number[];
}

const cases: Case[] = [
  { name: 'neg', work: () => tf.neg(integers([large, -large])), expected: [-large, large] },
  { name: 'abs', work: () => tf.abs(integers([large, -large])), expected: [large, large] },
  { name: 'square', work: () => tf.square(integers([40_003])), expected: [40_003 ** 2] },
  { name: 'relu', work: () => tf.relu(integers([large, -large])), expected: [large, 0] },
  { name: 'relu6', work: () => tf.relu6(integers([large, -large, 3])), expected: [6, 0, 3] },
  { name: 'round', work: () => tf.round(integers([large])), expected: [large] },
  {
    name: 'clipByValue',
    work: () => tf.clipByValue(integers([large, -large]), 1 - large, large - 1),
    expected: [large - 1, 1 - large],
  },
  {
    name: 'sum',
    work: () => tf.sum(integers([large, 1, large, 2], [1, 2, 2]), [0, 1]),
    expected: [2 * large, 3],
  },
  { name: 'sum of all', work: () => tf.sum(integers([large, 1, 1])), expected: [large + 2] },
  { name: 'prod', work: () => tf.prod(integers([large, 3])), expected: [3 * large] },
  {
    name: 'max',
    work: () => tf.max(integers([-large - 2, -9, -large, -8], [2, 2]), 0, true),
    expected: [-large, -8],
  },
  {
    name: 'min',
    work: () => tf.min(integers([large + 2, large], [1, 2]), -1),
    expected: [large],
  },
  {
    name: 'floorDiv',
    work: () => tf.floorDiv(integers([2 ** 31 - 1, -large], [2, 1]), integers([7, 3])),
    expected: [306_783_378, 715_827_882, -2_396_746, -5_592_406],
  },
  {
    name: 'addN',
    work: () => tf.addN([integers([large]), integers([2]), integers([-1])]),
    expected: [large + 1],
  },
  {
    name: 'mod',
    work: () => tf.mod(integers([large, -large, 7, -7]), integers([3, 3, -3, -3])),
    expected: [2, 1, -2, -1],
  },
  {
    name: 'maxPool',
    work: () => tf.maxPool(integers([-5, -3, -4, -9], [1, 2, 2, 1]) as tf.Tensor4D, 2, 2, 'valid'),
    expected: [-3],
  },
  {
    name: 'resizeNearestNeighbor',
    work: () => tf.image.resizeNearestNeighbor(integers([7, 9], [1, 2, 1]) as tf.Tensor3D, [2, 2]),
    expected: [7, 9, 7, 9],
  },
  {
    name: 'unsortedSegmentSum',
    work: () =>
      tf.unsortedSegmentSum(
        integers([large, 1, 1, 5], [4, 1]),
        tf.tensor1d([0, 1, 0, 1], 'int32'),
        3,
      ),
    expected: [large + 1, 6, 0],
  },
  {
    name: 'scatterND',
    work: () => tf.scatterND(integers([1, 0, 1], [3, 1]), integers([large, 2, 1]), [2]),
    expected: [2, large + 1],
  },
  {
    name: 'tensorScatterUpdate',
    work: () => tf.tensorScatterUpdate(integers([1, 2]), integers([1], [1, 1]), integers([large])),
    expected: [1, large],
  },
  { name: 'fill', work: () => tf.fill([2], -large, 'int32'), expected: [-large, -large] },
];

await describeBackends('integers beyond float32', (backend) => {
  beforeAll(() => poisonMemory());

  it.each(cases)('are exact: $name', async ({ work, expected }) => {
    const y = work();
    expect(y.dtype).toBe('int32');
    expect([...(await y.data())]).toEqual(expected);
    await expectNoLeak(() => tf.tidy(() => void work()));
  });

  it.runIf(backend === 'webgpu')(
    'are exact where small ones are computed in JavaScript',
    async () => {
      tf.env().set('WEBGPU_CPU_FORWARD', true);
      try {
        for (const { name, work, expected } of cases) {
          expect({ [name]: [...(await work().data())] }).toEqual({ [name]: expected });
        }
        // Without a word from the GPU.
        expect([...tf.abs(tf.neg(integers([large, -large]))).dataSync()]).toEqual([large, large]);
      } finally {
        tf.env().set('WEBGPU_CPU_FORWARD', false);
      }
    },
  );

  it('are summed and compared in rows longer than a group of threads', async () => {
    const values = Array.from(
      { length: 3 * 1001 },
      (_, i) => ((i * 7919) % 100_003) * 1000 - 50_000_000,
    );
    const x = integers(values, [3, 1001]);
    const rows = [0, 1, 2].map((row) => values.slice(1001 * row, 1001 * row + 1001));
    const sums = rows.map((row) => row.reduce((sum, value) => (sum + value) | 0, 0));
    expect([...(await tf.max(x, 1).data())]).toEqual(rows.map((row) => Math.max(...row)));
    expect([...(await tf.min(x, 1).data())]).toEqual(rows.map((row) => Math.min(...row)));
    expect([...(await tf.sum(x, 1).data())]).toEqual(sums);
  });

  it.runIf(backend === 'wasm' || backend === 'cpu')(
    'are rounded by stock TensorFlow.js',
    async () => {
      const [kernel, op] = backend === 'wasm' ? [stockNeg, tf.neg] : [stockSquare, tf.square];
      const x = integers([40_003 * 1000 + 1]);
      const wrong = withKernel(kernel, () => op(x));
      expect([...(await wrong.data())]).not.toEqual([...(await op(x).data())]);
    },
  );

  it('divided by 0 are 0, as they are to NumPy', async () => {
    const numerators = integers([7, -7, 0], [3, 1]);
    const divisors = integers([0, 2, -2]);
    for (const [f, expected] of [
      [tf.div, [0, 3, -4, 0, -4, 3, 0, 0, 0]],
      [tf.floorDiv, [0, 3, -4, 0, -4, 3, 0, 0, 0]],
      [tf.mod, [0, 1, -1, 0, 1, -1, 0, 0, 0]],
    ] as const) {
      const y = f(numerators, divisors);
      expect(y.dtype).toBe('int32');
      expect([...(await y.data())]).toEqual(expected);
      await expectNoLeak(() => tf.tidy(() => void f(numerators, divisors)));
    }
    // What stock kernels do there is to end the process, throw, or give the numerator.
    expect([...(await tf.mod(integers([-(2 ** 31)]), integers([-1])).data())]).toEqual([0]);
  });

  it('of booleans are 0 and 1', async () => {
    const x = bools([1, 0, 0, 0], [2, 2]);
    for (const [y, expected] of [
      [tf.max(x, 0), [1, 0]],
      [tf.min(x, 1), [0, 0]],
      [tf.any(x, 1), [1, 0]],
      [tf.all(tf.reshape(x, [1, 2, 2]), [0, 1]), [0, 0]],
      [tf.greater(x, bools([0, 0])), [1, 0, 0, 0]],
      [tf.lessEqual(x, bools([0, 0])), [0, 1, 1, 1]],
    ] as const) {
      expect(y.dtype).toBe('bool');
      expect([...(await y.data())]).toEqual(expected);
    }
  });

  // TensorFlow refuses them.
  it.runIf(backend !== 'tensorflow')('leave out segments that there are not', async () => {
    const segments = tf.tensor1d([0, 1, -1, 2, 5], 'int32');
    for (const dtype of ['int32', 'float32'] as const) {
      const y = tf.unsortedSegmentSum(tf.tensor([1, 2, 4, 8, 16], [5, 1], dtype), segments, 2);
      expect([...(await y.data())]).toEqual([1, 2]);
    }
  });
});
