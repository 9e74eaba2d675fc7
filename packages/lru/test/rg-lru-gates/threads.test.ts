import { kernelMode, randomKey } from '@neverend/backend';
import { describeBackends, expectThreadsShare, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { rgLruGates } from '../../src/rg-lru-gates/index.ts';

// In a process of its own: wasm has as many threads as at its first start.
process.env['NEVEREND_THREADS'] = '2';

await describeBackends('the gates of the RG-LRU', () => {
  it.runIf(kernelMode() !== 'composite')(
    'are done in part by another thread, by their rows',
    () => {
      const [x, inputGate, recurrenceGate] = ['x', 'inputGate', 'recurrenceGate'].map((name) =>
        randomTensor(randomKey(name), [512, 2, 256]),
      ) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const more = { aParam: tf.zeros([256]), reset: tf.zeros([512]) };
      expectThreadsShare(1024, () =>
        tf.dispose({ ...rgLruGates({ x, inputGate, recurrenceGate, ...more }) }),
      );
      tf.dispose([x, inputGate, recurrenceGate, more]);
    },
  );
}, ['wasm']);
