import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectClose,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';

await describeBackends('the device matrix', (backend) => {
  it('makes the backend current', () => {
    expect(tf.getBackend()).toBe(backend);
  });

  it('computes and differentiates', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const [y, dx] = [tf.square(x), tf.grad((t: tf.Tensor) => tf.sum(tf.square(t)))(x)];
    await expectTensorClose(y, { shape: [3], data: [1, 4, 9] });
    await expectTensorClose(dx, [2, 4, 6]);
    tf.dispose([x, y, dx]);
  });

  it.runIf(backend === 'webgpu')('computes small tensors on the GPU too', () => {
    const { tensorMap } = tf.backend() as unknown as {
      tensorMap: { get(dataId: object): { values: unknown; resource: unknown } };
    };
    const y = tf.tidy(() => tf.add(tf.tensor1d([2]), tf.tensor1d([3])));
    const { values, resource } = tensorMap.get(y.dataId);
    expect(values ?? null).toBeNull();
    expect(resource).toBeDefined();
    y.dispose();
  });

  it('makes the same random tensor everywhere', async () => {
    const x = randomTensor(randomKey(1, 'x'), [2, 3], 0.5);
    const same = randomTensor(randomKey(1, 'x'), [2, 3], 0.5);
    expect(await x.data()).toEqual(await same.data());
    tf.dispose([x, same]);
  });

  it('sees what a kernel leaves unwritten once memory is poisoned', async () => {
    poisonMemory();
    const backendNow = tf.backend() as unknown as {
      makeOutput?: (shape: number[], dtype: string) => tf.TensorInfo;
      makeTensorInfo?: (shape: number[], dtype: string) => tf.TensorInfo;
      uploadToGPU?: (dataId: object) => void;
    };
    if (backend === 'wasm' || backend === 'webgpu') {
      const info =
        backendNow.makeOutput?.([5], 'float32') ?? backendNow.makeTensorInfo?.([5], 'float32');
      if (!info) throw new Error('no way to allocate');
      backendNow.uploadToGPU?.(info.dataId);
      const unwritten = tf.engine().makeTensorFromTensorInfo(info);
      expect([...(await unwritten.data())]).toEqual(new Array(5).fill(Number.NaN));
      unwritten.dispose();
    }
    await expectNoLeak(async () => {
      const sum = tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])));
      expectClose(await sum.data(), new Array(64).fill(8));
      sum.dispose();
    });
  });
});
