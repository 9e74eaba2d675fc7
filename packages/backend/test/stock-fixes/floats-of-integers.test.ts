// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

const stockAtan = Object.fromEntries(
  ['cpu', 'wasm'].map((backend) => [backend, tf.getKernel('Atan', backend)]),
);
const stockClip = tf.getKernel('ClipByValue', 'wasm');

const [scale, alpha] = [1.0507009873554805, 1.6732632423543772];
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Of -3, 0, 1 and 4, or of those that the function is defined at. */
const functions: readonly [
  name: string,
  op: (x: tf.Tensor) => tf.Tensor,
  of: (x: number) => number,
  at?: number[],
][] = [
  ['acos', tf.acos, Math.acos, [-1, 0, 1]],
  ['acosh', tf.acosh, Math.acosh, [1, 4]],
  ['asin', tf.asin, Math.asin, [-1, 0, 1]],
  ['asinh', tf.asinh, Math.asinh],
  ['atan', tf.atan, Math.atan],
  ['atanh', tf.atanh, Math.atanh, [0]],
  ['exp', tf.exp, Math.exp],
  ['expm1', tf.expm1, Math.expm1],
  ['log1p', tf.log1p, Math.log1p, [0, 1, 4]],
  ['logSigmoid', tf.logSigmoid, (x) => -softplus(-x)],
  ['reciprocal', tf.reciprocal, (x) => 1 / x, [-3, 1, 4]],
  ['sinh', tf.sinh, Math.sinh],
  ['softplus', tf.softplus, softplus],
  ['selu', tf.selu, (x) => scale * (x < 0 ? alpha * Math.expm1(x) : x)],
  ['leakyRelu', tf.leakyRelu, (x) => (x < 0 ? 0.2 * x : x)],
  ['prelu', (x) => tf.prelu(x, tf.scalar(2, 'int32')), (x) => (x < 0 ? 2 * x : x)],
  ['atan2', (x) => tf.atan2(x, tf.scalar(2, 'int32')), (x) => Math.atan2(x, 2)],
];

await describeBackends('functions of integers', (backend) => {
  it.each(functions)('are those of floats: %s', async (_, op, of, at = [-3, 0, 1, 4]) => {
    poisonMemory();
    const x = tf.tensor1d(at, 'int32');
    const y = op(x);
    expect(y.dtype).toBe('float32');
    await expectTensorClose(y, at.map(of));
    expect(Array.from(await x.data())).toEqual(at);
    await expectNoLeak(() => tf.tidy(() => void op(x)));
  });

  it.each(functions)('are those of floats of booleans: %s', async (name, op, of) => {
    const at = name === 'acosh' || name === 'reciprocal' ? [1] : name === 'atanh' ? [0] : [1, 0, 1];
    const y = op(tf.tensor1d(at, 'bool'));
    expect(y.dtype).toBe('float32');
    await expectTensorClose(y, at.map(of));
  });

  it.runIf(stockAtan[backend])('are cut, or of the bits, in stock TensorFlow.js', async () => {
    const x = tf.tensor1d([1, 4], 'int32');
    const wrong = withKernel(stockAtan[backend] as tf.KernelConfig, () => tf.atan(x));
    expect(wrong.dtype).toBe('int32');
    await expectTensorClose(tf.atan(x), [Math.atan(1), Math.atan(4)]);
  });

  it('leave the gradient of floats alone', async () => {
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.atan(x)));
    await expectTensorClose(gradient(tf.tensor1d([0, 1, -2])), [1, 0.5, 0.2]);
  });

  it('know that integers are finite', async () => {
    const x = tf.tensor1d([0, -1, 2 ** 31 - 1], 'int32');
    await expectTensorClose(tf.isNaN(x), [0, 0, 0]);
    await expectTensorClose(tf.isInf(x), [0, 0, 0]);
    await expectTensorClose(tf.isFinite(x), [1, 1, 1]);
  });

  it('that are whole stay integers', async () => {
    const x = tf.tensor1d([-3, 0, 4], 'int32');
    for (const [y, expected] of [
      [tf.round(x), [-3, 0, 4]],
      [tf.step(x), [0, 0, 1]],
      [tf.clipByValue(x, -2.5, 2.5), [-2, 0, 2]],
      [tf.clipByValue(x, Number.NEGATIVE_INFINITY, 1), [-3, 0, 1]],
      [tf.neg(tf.tensor1d([1, 0, 1], 'bool')), [-1, 0, -1]],
    ] as const) {
      expect(y.dtype).toBe('int32');
      expect(Array.from(await y.data())).toEqual(expected);
    }
    if (backend !== 'wasm') return;
    const wrong = await withKernel(stockClip, () => tf.clipByValue(x, -2, 2)).data();
    expect(Array.from(wrong)).not.toEqual([-2, 0, 2]);
  });
});
