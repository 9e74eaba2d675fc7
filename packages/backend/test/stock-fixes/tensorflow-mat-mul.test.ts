// In a process of its own: it takes kernels as TensorFlow.js registers them.
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { describeBackends, expectNoLeak, expectTensorClose } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

await describeBackends('matMul on tensorflow', () => {
  const stock = () => {
    const file = '@tensorflow/tfjs-node/dist/kernels/BatchMatMul.js';
    return createRequire(import.meta.url)(file).batchMatMulConfig as tf.KernelConfig;
  };
  const names = (work: () => tf.Tensor): unknown[] => {
    const backend = tf.backend() as unknown as { executeSingleOutput(name: string): tf.Tensor };
    const spy = vi.spyOn(backend, 'executeSingleOutput');
    try {
      work().dispose();
      return spy.mock.calls.map(([name]) => name);
    } finally {
      spy.mockRestore();
    }
  };
  const a = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);

  it("is TensorFlow's product of matrices, where stock TensorFlow.js takes that of batches", async () => {
    const product = () => tf.tidy(() => tf.matMul(a(), a(), true));
    expect(names(product)).toEqual(['MatMul']);
    const ours = tf.getKernel('BatchMatMul', 'tensorflow');
    withKernel(stock(), () => expect(names(product)).toEqual(['BatchMatMulV2']));
    expect(tf.getKernel('BatchMatMul', 'tensorflow')).toBe(ours);
    // These numbers were computed by hand.
    const expected = { shape: [3, 3], data: [17, 22, 27, 22, 29, 36, 27, 36, 45] };
    await expectTensorClose(product(), expected);
    await expectNoLeak(() => product().dispose());
  });

  it('leaves batches and integers to the stock kernel', async () => {
    const batch = () => tf.tidy(() => tf.matMul(tf.expandDims(a()), tf.expandDims(a()), true));
    expect(names(batch)).toContain('BatchMatMulV2');
    const whole = () =>
      tf.tidy(() => tf.matMul(tf.cast(a(), 'int32'), tf.cast(a(), 'int32'), false, true));
    expect(names(whole)).toContain('BatchMatMulV2');
    await expectTensorClose(whole(), { shape: [2, 2], data: [14, 32, 32, 77] });
  });
}, ['tensorflow']);
