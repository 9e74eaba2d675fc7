// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// As TensorFlow.js registers them, before any backend is started.
const stockDepthToSpace = tf.getKernel('DepthToSpace', 'cpu');
const stockFusedConv2D = tf.getKernel('FusedConv2D', 'wasm');
const stockPow = tf.getKernel('Pow', 'cpu');

/** Four channels that come first, of one pixel each. */
const depthToSpace = () =>
  tf.depthToSpace(tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 8, 1, 1]), 2, 'NCHW');

const withBias = () =>
  tf.fused.conv2d({
    ...{ x: tf.ones([1, 2, 2, 1]) as tf.Tensor4D, filter: tf.ones([1, 1, 1, 3]) as tf.Tensor4D },
    ...{ strides: 1, pad: 'same', bias: tf.scalar(-2), activation: 'relu6' },
  });

const deepWithBias = () =>
  tf.fused.depthwiseConv2d({
    ...{ x: tf.ones([1, 1, 1, 2]) as tf.Tensor4D, filter: tf.ones([1, 1, 2, 2]) as tf.Tensor4D },
    ...{ strides: 1, pad: 'same', bias: tf.scalar(2) },
  });

const powers = () =>
  tf.pow(
    tf.tensor2d([1, -1, 2, Number.NaN], [4, 1]),
    tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, 0]),
  );

await describeBackends('what stock backends refuse', (backend) => {
  beforeAll(() => poisonMemory());

  it('is depth to space with the channels first', async () => {
    const y = depthToSpace();
    expect(y.shape).toEqual([1, 2, 2, 2]);
    // The depth is rows, columns and channels, the last the fastest.
    await expectTensorClose(y, [1, 3, 5, 7, 2, 4, 6, 8]);
    await expectNoLeak(() => tf.tidy(() => void depthToSpace()));
    if (backend === 'cpu')
      expect(() => withKernel(stockDepthToSpace, depthToSpace)).toThrow('NHWC');
  });

  it('is a bias of one number', async () => {
    await expectTensorClose(withBias(), Array<number>(12).fill(0));
    await expectTensorClose(deepWithBias(), [3, 3, 3, 3]);
    await expectNoLeak(() => tf.tidy(() => void withBias()));
    if (backend === 'wasm') expect(() => withKernel(stockFusedConv2D, withBias)).toThrow('rank 0');
  });

  // Shaders take a power for a logarithm and an exponential.
  it.runIf(backend !== 'webgpu')('is no power of 1', async () => {
    const none = Number.NaN;
    const right = [1, 1, 1, none, 1, 1, none, Number.POSITIVE_INFINITY, 1, none, none, 1];
    expect([...(await powers().data())]).toEqual(right);
    await expectNoLeak(() => tf.tidy(() => void powers()));
    if (backend === 'cpu') {
      expect((await withKernel(stockPow, powers).data())[0]).toBeNaN();
    }
  });
});
