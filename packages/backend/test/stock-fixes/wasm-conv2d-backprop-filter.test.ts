import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { naiveConvGradients } from './naive-conv.ts';
import { withoutWasmKernel } from './stock.ts';

type Shape4D = [number, number, number, number];
type Pad =
  | 'same'
  | 'valid'
  | number
  | [[number, number], [number, number], [number, number], [number, number]];

const cases: {
  input: Shape4D;
  filter: Shape4D;
  strides: [number, number];
  pad: Pad;
  padding: [number, number];
}[] = [
  { input: [2, 5, 7, 3], filter: [3, 3, 3, 4], strides: [1, 1], pad: 'same', padding: [1, 1] },
  { input: [2, 5, 7, 3], filter: [3, 3, 3, 4], strides: [1, 1], pad: 'valid', padding: [0, 0] },
  { input: [1, 6, 5, 2], filter: [2, 3, 2, 5], strides: [2, 1], pad: 'same', padding: [0, 1] },
  { input: [3, 7, 8, 1], filter: [3, 2, 1, 1], strides: [2, 3], pad: 'valid', padding: [0, 0] },
  { input: [1, 4, 4, 5], filter: [1, 1, 5, 3], strides: [1, 1], pad: 'valid', padding: [0, 0] },
  { input: [1, 4, 4, 2], filter: [4, 4, 2, 3], strides: [4, 4], pad: 'valid', padding: [0, 0] },
  { input: [2, 4, 5, 2], filter: [3, 3, 2, 2], strides: [1, 2], pad: 2, padding: [2, 2] },
  {
    input: [1, 4, 5, 2],
    filter: [3, 3, 2, 3],
    strides: [2, 1],
    pad: [
      [0, 0],
      [2, 1],
      [0, 3],
      [0, 0],
    ],
    padding: [2, 0],
  },
];

// Not on tensorflow, which refuses explicit paddings and has wrong gradients of x for unequal strides.
const on = ['webgpu', 'wasm', 'cpu'] as const;

await describeBackends(
  'the gradient of the filter of conv2d',
  (backend) => {
    beforeAll(() => poisonMemory());

    if (backend === 'wasm') {
      it('has no kernel in stock TensorFlow.js', () => {
        const f = (w: tf.Tensor) =>
          tf.conv2d(tf.ones([1, 3, 3, 1]) as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
        const gradient = () => tf.tidy(() => tf.grad(f)(tf.ones([3, 3, 1, 1])));
        expect(() => withoutWasmKernel('Conv2DBackpropFilter', gradient)).toThrow(
          /'Conv2DBackpropFilter'.*'wasm'/,
        );
        expect(gradient().shape).toEqual([3, 3, 1, 1]);
      });
    }

    describe.each(cases)('$input by $filter, strides $strides, pad $pad', (sizes) => {
      it('is that of plain loops', async () => {
        const { input, filter, strides, pad, padding } = sizes;
        const x = randomTensor(randomKey(8, 'x'), input) as tf.Tensor4D;
        const w = randomTensor(randomKey(8, 'w'), filter) as tf.Tensor4D;
        const round = typeof pad === 'number' ? 'floor' : undefined;
        const f = (a: tf.Tensor4D, b: tf.Tensor4D) =>
          tf.conv2d(a, b, strides, pad, 'NHWC', [1, 1], round);
        const dy = randomTensor(randomKey(8, 'dy'), f(x, w).shape) as tf.Tensor4D;
        const output = dy.shape;
        const { dx, dw } = naiveConvGradients(
          ...([await x.data(), await w.data(), await dy.data()] as const),
          { input, filter, output, strides, dilations: [1, 1], padding },
          false,
        );
        const gradients = () =>
          tf.grads(f as (a: tf.Tensor, b: tf.Tensor) => tf.Tensor)([x, w], dy);
        const [gotX, gotW] = gradients() as [tf.Tensor, tf.Tensor];
        await expectTensorClose(gotW, { shape: filter, data: dw });
        await expectTensorClose(gotX, { shape: input, data: dx });
        await expectNoLeak(() => tf.dispose(gradients()));
      });
    });

    if (backend === 'wasm' || backend === 'cpu') {
      it('takes channels first', async () => {
        const attrs = {
          strides: [2, 1],
          pad: [
            [0, 0],
            [0, 0],
            [1, 0],
            [2, 1],
          ],
          dataFormat: 'NCHW',
          dimRoundingMode: undefined,
          filterShape: [2, 3, 3, 4],
        };
        const x = randomTensor(randomKey(9, 'x'), [2, 3, 5, 4]);
        const dy = randomTensor(randomKey(9, 'dy'), [2, 4, 3, 5]);
        const got = tf
          .engine()
          .runKernel('Conv2DBackpropFilter', { x, dy }, attrs as never) as tf.Tensor;
        const last = (tensor: tf.Tensor) => tf.transpose(tensor, [0, 2, 3, 1]).data();
        const { dw } = naiveConvGradients(
          await last(x),
          new Float64Array(2 * 3 * 3 * 4),
          await last(dy),
          {
            input: [2, 5, 4, 3],
            filter: [2, 3, 3, 4],
            output: [2, 3, 5, 4],
            strides: [2, 1],
            dilations: [1, 1],
            padding: [1, 2],
          },
          false,
        );
        await expectTensorClose(got, { shape: [2, 3, 3, 4], data: dw });
      });
    }

    if (backend === 'wasm') {
      it('sums over groups of images where the patches of all are too many at once', async () => {
        // One image's patches are 96 * 96 * 9 * 64 numbers, and two of them fit into a group.
        const [x, dy] = [tf.ones([5, 96, 96, 64]), tf.ones([5, 96, 96, 2])];
        const f = (w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
        const dw = tf.tidy(() => tf.grad(f)(tf.zeros([3, 3, 64, 2]), dy));
        const counts = [
          95 * 95,
          95 * 96,
          95 * 95,
          96 * 95,
          96 * 96,
          96 * 95,
          95 * 95,
          95 * 96,
          95 * 95,
        ];
        const expected = counts.flatMap((count) => new Array<number>(128).fill(5 * count));
        await expectTensorClose(dw, { shape: [3, 3, 64, 2], data: expected });
      });
    }
  },
  on,
);
