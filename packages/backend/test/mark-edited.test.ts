import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { markEdited } from '../src/index.ts';
import { describeBackends, expectNoLeak, expectTensorClose } from '../src/testing/index.ts';

interface Heap {
  typedArrayFromHeap(tensor: tf.Tensor): Float32Array;
}

/** Puts numbers where a tensor has its own, behind TensorFlow.js' back. */
function editInPlace(backend: string, tensor: tf.Tensor, values: number[]): void {
  const current: unknown = tf.backend();
  if (backend === 'wasm') (current as Heap).typedArrayFromHeap(tensor).set(values);
  else if (backend === 'cpu') {
    type Data = { data: Map<object, { values: Float32Array }> };
    (current as Data).data.get(tensor.dataId)?.values.set(values);
  } else if (backend === 'webgpu') {
    const { device, tensorMap, uploadToGPU } = current as {
      device: GPUDevice;
      tensorMap: Map<object, { resource: GPUBuffer }>;
      uploadToGPU: (dataId: object) => void;
    };
    uploadToGPU.call(current, tensor.dataId);
    const buffer = tensorMap.get(tensor.dataId)?.resource;
    if (buffer) device.queue.writeBuffer(buffer, 0, Float32Array.from(values));
  } else {
    type Node = {
      executeSingleOutput(name: string, attrs: unknown[], inputs: tf.Tensor[]): tf.Tensor;
    };
    const rows = tf.range(0, values.length, 1, 'int32');
    (current as Node).executeSingleOutput('InplaceUpdate', [], [tensor, rows, tf.tensor1d(values)]);
  }
}

await describeBackends('markEdited', (backend) => {
  it('makes products, convolutions and reads see what was written in place', async () => {
    const weights = tf.tensor1d([1, 1, 1, 1]);
    const product = () => tf.matMul(tf.ones([1, 2]), tf.reshape(weights, [2, 2]));
    const filter = () => tf.reshape(weights, [2, 2, 1, 1]) as tf.Tensor4D;
    const conv = () => tf.conv2d(tf.ones([1, 2, 2, 1]) as tf.Tensor4D, filter(), 1, 'valid');
    await expectTensorClose(product(), [2, 2]);
    await expectTensorClose(conv(), [4]);
    await expectTensorClose(weights, [1, 1, 1, 1]);
    editInPlace(backend, weights, [1, 2, 3, 4]);
    // What stock TensorFlow.js keeps.
    if (backend === 'wasm') await expectTensorClose(conv(), [4]);
    if (backend === 'webgpu') await expectTensorClose(weights, [1, 1, 1, 1]);
    markEdited(weights);
    await expectTensorClose(weights, [1, 2, 3, 4]);
    await expectTensorClose(conv(), [10]);
    await expectTensorClose(product(), [4, 6]);
    editInPlace(backend, weights, [0, 0, 0, 1]);
    markEdited(weights);
    await expectTensorClose(conv(), [1]);
    await expectTensorClose(product(), [0, 1]);
  });

  if (backend === 'webgpu') {
    it('also makes a read see it that begins while an older one is under way', async () => {
      const x = tf.tidy(() => tf.mul(tf.ones([4]), 2));
      const before = x.data();
      editInPlace(backend, x, [1, 2, 3, 4]);
      markEdited(x);
      expect([...(await before)]).toEqual([2, 2, 2, 2]);
      await expectTensorClose(x, [1, 2, 3, 4]);
      editInPlace(backend, x, [5, 6, 7, 8]);
      markEdited(x);
      await expectTensorClose(x, [5, 6, 7, 8]);
      x.dispose();
    });
  }

  it('sees an edited bias', async () => {
    const [x, filter] = [
      tf.ones([1, 1, 1, 1]) as tf.Tensor4D,
      tf.ones([1, 1, 1, 1]) as tf.Tensor4D,
    ];
    const bias = tf.tensor1d([1]);
    const conv = () => tf.fused.conv2d({ x, filter, strides: 1, pad: 'valid', bias }) as tf.Tensor;
    await expectTensorClose(conv(), [2]);
    editInPlace(backend, bias, [5]);
    markEdited(bias);
    await expectTensorClose(conv(), [6]);
  });

  it('leaves numbers that only the CPU has', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    markEdited(x);
    await expectTensorClose(x, [1, 2, 3]);
    await expectNoLeak(() => markEdited(x));
    x.dispose();
  });

  it('refuses a tensor that was disposed', () => {
    const x = tf.ones([2]);
    x.dispose();
    expect(() => markEdited(x)).toThrow('tensor was disposed; it must be alive to be marked');
  });
});
