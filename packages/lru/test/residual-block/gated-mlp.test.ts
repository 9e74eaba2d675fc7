import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectCloseToScale,
  expectLikeReference,
  expectNoLeak,
  normalInput,
  numbers,
  numericGradients,
  officialTolerances,
  poisonMemory,
  randomTensor,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatedMlp, initGatedMlp } from '../../src/index.ts';
import { gatedMlpNaive } from './naive.ts';

const [width, mlpWidth] = [3, 5];

await describeBackends(
  'gatedMlp',
  (backend) => {
    for (const leading of [[], [4], [2, 3], [2, 2, 3]]) {
      it(`of [${[...leading, width]}] has the reference's output, and the gradients of finite differences`, async () => {
        poisonMemory();
        const draw = (name: string, shape: readonly number[]) =>
          normalInput(randomKey(name), shape);
        const inputs = {
          x: draw('x', [...leading, width]),
          'ffw_up/w': draw('w', [2, width, mlpWidth]),
          'ffw_up/b': draw('b', [2, 1, 1, mlpWidth]),
          'ffw_down/kernel': draw('kernel', [mlpWidth, width]),
          'ffw_down/bias': draw('bias', [width]),
        };
        const dy = draw('dy', [...leading, width]);
        const naive = ({ x, ...params }: Record<string, Float64Array>) =>
          gatedMlpNaive(x as Float64Array, params);
        await expectLikeReference({
          op: ({ x, ...params }) => gatedMlp(x as tf.Tensor, params),
          inputs,
          dy,
          y: naive(numbers(inputs)),
          gradients: numericGradients(inputs, dy.data, naive),
          tolerance: tolerances[backend],
        });
      });
    }

    it('treats every vector by itself: cut at any place, the parts are those of the whole', async () => {
      const params = initGatedMlp(randomKey(1), { width, mlpWidth });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 2, max: 9 }), fc.nat(), async (rows, seed) => {
          await expectNoLeak(async () => {
            const x = randomTensor(randomKey(seed), [rows, width]);
            const [whole, parts] = tf.tidy(() => {
              const cut = 1 + (seed % (rows - 1));
              const of = [tf.slice(x, 0, cut), tf.slice(x, cut)].map((part) =>
                gatedMlp(part, params),
              );
              return [gatedMlp(x, params), tf.concat(of)];
            }) as [tf.Tensor, tf.Tensor];
            const expected = { shape: [rows, width], data: await whole.data() };
            await expectCloseToScale('parts', parts, expected, officialTolerances[backend]);
            tf.dispose([x, whole, parts]);
          });
        }),
        { numRuns: backend === 'webgpu' ? 3 : 12 },
      );
      tf.dispose(params);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('the arguments of gatedMlp', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initGatedMlp(randomKey(1), { width, mlpWidth });
      expect(() => gatedMlp(tf.zeros([2, 4]), params)).toThrow(
        new ShapeError('params["ffw_up/w"] was [2, 3, 5]; it must be [2, 4, F]'),
      );
      expect(() => gatedMlp(tf.zeros([2, 3]), { ...params, 'ffw_up/b': tf.zeros([5]) })).toThrow(
        new ShapeError('params["ffw_up/b"] was [5]; it must be [2, 1, 1, 5]'),
      );
    });
  });
});
