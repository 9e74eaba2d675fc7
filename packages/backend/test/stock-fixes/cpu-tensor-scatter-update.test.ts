// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectNoLeak, expectTensorClose } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

await describeBackends('tensorScatterUpdate on cpu', () => {
  const stock = tf.getKernel('TensorScatterUpdate', 'cpu');
  const update = (tensor: tf.Tensor) =>
    tf.tensorScatterUpdate(tensor, tf.tensor2d([[1]], [1, 1], 'int32'), tf.tensor2d([[7, 8]]));

  it('leaves its input as it was, where stock TensorFlow.js writes into it', async () => {
    const before = [1, 2, 3, 4];
    const spoilt = tf.tensor2d(before, [2, 2]);
    withKernel(stock, () => update(spoilt));
    await expectTensorClose(spoilt, { shape: [2, 2], data: [1, 2, 7, 8] });

    const x = tf.tensor2d(before, [2, 2]);
    const updated = update(x);
    await expectTensorClose(updated, { shape: [2, 2], data: [1, 2, 7, 8] });
    await expectTensorClose(x, { shape: [2, 2], data: before });
    expect(updated.dataId).not.toBe(x.dataId);
    await expectNoLeak(() => tf.tidy(() => void update(x)));
  });
}, ['cpu']);
