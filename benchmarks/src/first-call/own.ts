// One residual block and one encoder block of width 64, from `useBackend` on.
import { encoderBlock, initEncoderBlock } from '@neverend/attention';
import { randomKey, setKernelMode, useBackend } from '@neverend/backend';
import { initResidualBlock, residualBlock } from '@neverend/lru';
import * as tf from '@tensorflow/tfjs-core';
import { offer, timesOf } from './times.ts';

offer(({ backend, threads, wasmPath, trust = false, composites = false }) => {
  if (composites) setKernelMode('composite');
  const options = { threads, trustKernels: trust, ...(wasmPath ? { wasmPath } : {}) };
  return timesOf(
    () => useBackend(backend, options),
    () => {
      const recurrent = initResidualBlock(randomKey(1), {
        ...{ width: 64, lruWidth: 128, heads: 4, minRadius: 0.5 },
      });
      const encoder = initEncoderBlock(randomKey(2), { width: 64, heads: 4, mlpWidth: 256 });
      const x = tf.ones([1, 8, 16, 64]);
      const forward = (input: tf.Tensor): tf.Tensor =>
        encoderBlock(tf.reshape(residualBlock(input, recurrent).y, [8, 16, 64]), encoder, {
          heads: 4,
        });
      return {
        result: () => tf.tidy(() => forward(x)),
        gradient: () => tf.grad((input: tf.Tensor) => tf.sum(forward(input)))(x),
      };
    },
  );
});
