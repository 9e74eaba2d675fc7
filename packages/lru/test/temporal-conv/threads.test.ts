import { kernelMode, randomKey } from '@neverend/backend';
import { describeBackends, expectThreadsShare, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { temporalConvKernel } from '../../src/temporal-conv/index.ts';

// In a process of its own: wasm has as many threads as at its first start.
process.env['NEVEREND_THREADS'] = '2';

await describeBackends('the temporal convolution', () => {
  it.runIf(kernelMode() !== 'composite')('is done in part by another thread, by its steps', () => {
    const [x, w, b] = [[64, 3 + 16, 1, 256], [4, 256], [256]].map((shape, at) =>
      randomTensor(randomKey(at), shape),
    ) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const reset = tf.zeros([64, 16]);
    const run = () => temporalConvKernel.run({ x, w, b, reset }, { hasResets: false });
    expectThreadsShare(64 * 16, () => tf.dispose(run()));
    tf.dispose([x, w, b, reset]);
  });
}, ['wasm']);
