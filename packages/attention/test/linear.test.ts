import { randomKey } from '@neverend/backend';
import { describeBackends, officialTolerances, randomTensor } from '@neverend/backend/testing';
import { linear } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { expectEachAlone, expectLinear } from './row-properties.ts';

await describeBackends('linear', (backend) => {
  it('is linear without a bias, and treats every vector by itself', async () => {
    const kernel = randomTensor(randomKey('kernel'), [5, 4]);
    const op = {
      run: (x: tf.Tensor) => linear(x, kernel),
      shape: [1, 5],
      axis: 0,
      tolerance: officialTolerances[backend],
      numRuns: backend === 'webgpu' ? 2 : 10,
    };
    await expectLinear(op);
    await expectEachAlone(op);
    kernel.dispose();
  });
});
