import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectSecondGradients,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, it } from 'vitest';
import { gatherRows, gelu, layerNorm, linear, normLinear, rmsNorm, softmax } from '../src/index.ts';

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

const cases: Readonly<Record<string, readonly [op: Op, ...shapes: number[][]]>> = {
  'gelu, tanh': [(x) => gelu(x as tf.Tensor), [3, 4]],
  'gelu, erf': [(x) => gelu(x as tf.Tensor, { form: 'erf' }), [3, 4]],
  'gelu with a bias': [(x, bias) => gelu(x as tf.Tensor, { bias: bias as tf.Tensor }), [3, 4], [4]],
  'x times gelu': [(x) => tf.mul(x as tf.Tensor, gelu(x as tf.Tensor)), [3, 4]],
  layerNorm: [
    (...args) => layerNorm(...(args as [tf.Tensor, tf.Tensor, tf.Tensor])),
    [3, 5],
    [5],
    [5],
  ],
  rmsNorm: [(...args) => rmsNorm(...(args as [tf.Tensor, tf.Tensor])), [3, 5], [5]],
  softmax: [(x) => softmax(x as tf.Tensor), [3, 5]],
  linear: [
    (...args) => linear(...(args as [tf.Tensor, tf.Tensor, tf.Tensor])),
    [2, 3, 4],
    [4, 5],
    [5],
  ],
  'linear with gelu': [
    (x, kernel, bias) =>
      linear(x as tf.Tensor, kernel as tf.Tensor, bias as tf.Tensor, { activation: 'gelu' }),
    ...[[3, 4], [4, 5], [5]],
  ],
  normLinear: [
    (x, scale, bias, kernel, units) =>
      normLinear(x as tf.Tensor, { scale: scale as tf.Tensor, bias: bias as tf.Tensor }, [
        { kernel: kernel as tf.Tensor, bias: units as tf.Tensor },
      ])[0] as tf.Tensor,
    ...[[3, 4], [4], [4], [4, 5], [5]],
  ],
  gatherRows: [
    (table) => tf.tanh(gatherRows(table as tf.Tensor2D, tf.tensor1d([2, 0, 2], 'int32'))),
    [3, 4],
  ],
};

await describeBackends('gradients of gradients', () => {
  beforeAll(() => poisonMemory());

  it.each(Object.entries(cases))('%s', async (name, [op, ...shapes]) => {
    const inputs = shapes.map((shape, index) => randomTensor(randomKey(name, index), shape));
    await expectSecondGradients(op, inputs);
    tf.dispose(inputs);
  });
});
