import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  poisonMemory,
  randomTensor,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { it } from 'vitest';
import {
  initRecurrentBlock,
  type RecurrentState,
  recurrentBlock,
  type SequenceOptions,
} from '../../src/index.ts';
import { recurrentBlockNaive } from '../../src/recurrent-block/naive.ts';
import { positionsTensor } from '../positions.ts';
import { blockCase } from '../residual-block/block-case.ts';
import { cuts, expectPartsLikeWhole } from '../splits.ts';

await describeBackends(
  'recurrentBlock',
  (backend) => {
    const tolerance = tolerances[backend];

    for (const shape of [
      [1, 1, 2],
      [2, 5, 3],
      [2, 3, 2, 3],
    ]) {
      it(`of [${shape}] has the reference's output and states, and the gradients of finite differences`, async () => {
        poisonMemory();
        const sizes = { width: shape.at(-1) ?? 1, lruWidth: 4, heads: 2, taps: 3 };
        const params = initRecurrentBlock(randomKey(1), sizes);
        const test = blockCase(recurrentBlock, recurrentBlockNaive, shape, params, 2, tolerance);
        tf.dispose(params);
        await expectLikeReference(test);
      });
    }

    it('of parts, cut at any points, is that of the whole, with restarts and without', async () => {
      const params = initRecurrentBlock(randomKey(1), { width: 3, lruWidth: 4, heads: 2, taps: 3 });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 8 }),
          fc.nat({ max: 7 }),
          fc.boolean(),
          fc.nat(),
          async (steps, count, restarts, seed) => {
            const x = randomTensor(randomKey(seed, 'x'), [2, steps, 3]);
            const segmentPos = positionsTensor(2, steps, seed);
            await expectPartsLikeWhole(
              (part, options: SequenceOptions<RecurrentState>) =>
                recurrentBlock(part, params, options),
              x,
              restarts ? segmentPos : undefined,
              cuts(randomKey(seed, 'cuts'), steps, count),
              tolerance,
            );
            tf.dispose([x, segmentPos]);
          },
        ),
        { numRuns: backend === 'webgpu' ? 3 : 12 },
      );
      tf.dispose(params);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
