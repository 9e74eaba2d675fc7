import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { BackendError, hasCode } from '../../src/index.ts';
import { describeBackends, expectTensorClose } from '../../src/testing/index.ts';

await describeBackends('dataSync', (backend) => {
  it('reads what is at hand', () => {
    expect([...tf.tensor1d([1, 2]).dataSync()]).toEqual([1, 2]);
  });

  if (backend === 'webgpu') {
    it('tells in Node what to do instead', async () => {
      const y = tf.square(tf.tensor1d([1, 2]));
      const current = tf.backend() as tf.KernelBackend & { hasReadSyncWarned: boolean };
      // The method of the class is the stock one.
      const { readSync } = Object.getPrototypeOf(current) as tf.KernelBackend;
      current.hasReadSyncWarned = true;
      expect(() => readSync.call(current, y.dataId)).toThrow('OffscreenCanvas is not defined');
      expect(() => y.dataSync()).toThrow(BackendError);
      expect(() => y.dataSync()).toThrow('use `await tensor.data()`');
      try {
        y.dataSync();
      } catch (error) {
        expect(hasCode(error, 'NEVEREND_BACKEND')).toBe(true);
      }
      await expectTensorClose(y, [1, 4]);
      expect([...y.dataSync()]).toEqual([1, 4]);
    });
  }
});
