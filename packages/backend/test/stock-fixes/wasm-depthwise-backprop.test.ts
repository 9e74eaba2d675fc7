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
  | [[number, number], [number, number], [number, number], [number, number]];

interface Case {
  input: Shape4D;
  filter: Shape4D;
  strides: [number, number];
  pad: Pad;
  padding: [number, number];
  dilations: [number, number];
}

const cases: Case[] = [
  {
    input: [2, 5, 7, 3],
    filter: [3, 3, 3, 1],
    strides: [1, 1],
    pad: 'same',
    padding: [1, 1],
    dilations: [1, 1],
  },
  {
    input: [2, 5, 7, 3],
    filter: [3, 2, 3, 2],
    strides: [1, 1],
    pad: 'valid',
    padding: [0, 0],
    dilations: [1, 1],
  },
  {
    input: [1, 7, 6, 2],
    filter: [3, 3, 2, 3],
    strides: [2, 2],
    pad: 'same',
    padding: [1, 0],
    dilations: [1, 1],
  },
  {
    input: [1, 4, 4, 1],
    filter: [1, 1, 1, 5],
    strides: [1, 1],
    pad: 'valid',
    padding: [0, 0],
    dilations: [1, 1],
  },
];
/** What only our kernels take: stock gradients know no dilations. */
const moreCases: Case[] = [
  {
    input: [2, 9, 8, 3],
    filter: [3, 3, 3, 2],
    strides: [1, 1],
    pad: 'same',
    padding: [2, 3],
    dilations: [2, 3],
  },
  {
    input: [1, 9, 8, 2],
    filter: [2, 3, 2, 1],
    strides: [1, 1],
    pad: 'valid',
    padding: [0, 0],
    dilations: [3, 2],
  },
  {
    input: [1, 5, 6, 2],
    filter: [3, 3, 2, 2],
    strides: [2, 1],
    pad: [
      [0, 0],
      [2, 1],
      [0, 3],
      [0, 0],
    ],
    padding: [2, 0],
    dilations: [1, 1],
  },
];

await describeBackends('the gradients of depthwiseConv2d', (backend) => {
  beforeAll(() => poisonMemory());

  if (backend === 'wasm') {
    it.each(['Input', 'Filter'])('have no kernel for the %s in stock TensorFlow.js', (name) => {
      const f = (x: tf.Tensor, w: tf.Tensor) =>
        tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
      const gradients = () => tf.grads(f)([tf.ones([1, 3, 3, 1]), tf.ones([3, 3, 1, 1])]);
      expect(() => withoutWasmKernel(`DepthwiseConv2dNativeBackprop${name}`, gradients)).toThrow(
        new RegExp(`'DepthwiseConv2dNativeBackprop${name}'.*'wasm'`),
      );
      expect(gradients().map(({ shape }) => shape)).toEqual([
        [1, 3, 3, 1],
        [3, 3, 1, 1],
      ]);
    });
  }

  describe.each(backend === 'wasm' ? [...cases, ...moreCases] : cases)(
    '$input by $filter, strides $strides, pad $pad, dilations $dilations',
    (sizes) => {
      it('are those of plain loops', async () => {
        const { input, filter, strides, pad, dilations } = sizes;
        const x = randomTensor(randomKey(10, 'x'), input) as tf.Tensor4D;
        const w = randomTensor(randomKey(10, 'w'), filter) as tf.Tensor4D;
        const { outShape } = tf.backend_util.computeConv2DInfo(
          ...([input, filter, strides, dilations, pad, undefined, true] as const),
        );
        const dy = randomTensor(randomKey(10, 'dy'), outShape);
        const attrs = { strides, pad, dilations, filterShape: filter, inputShape: input } as never;
        const run = (name: string, inputs: tf.NamedTensorMap) =>
          tf.engine().runKernel(`DepthwiseConv2dNativeBackprop${name}`, inputs, attrs) as tf.Tensor;
        const { dx, dw } = naiveConvGradients(
          ...([await x.data(), await w.data(), await dy.data()] as const),
          { ...sizes, output: outShape },
          true,
        );
        await expectTensorClose(run('Filter', { x, dy }), { shape: filter, data: dw });
        await expectTensorClose(run('Input', { dy, filter: w }), { shape: input, data: dx });
        await expectNoLeak(() => run('Filter', { x, dy }).dispose());
        await expectNoLeak(() => run('Input', { dy, filter: w }).dispose());
      });
    },
  );
});
