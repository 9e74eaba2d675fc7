import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  numbers,
  numericGradients,
  poisonMemory,
  randomTensor,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  complexRgLru,
  initComplexRgLru,
  recurrentBlock,
  rgLru,
  type SequenceOptions,
} from '../../src/index.ts';
import { positions, positionsTensor } from '../positions.ts';
import { cuts, expectPartsLikeWhole } from '../splits.ts';
import { complexRgLruNaive } from './complex-naive.ts';

await describeBackends('complexRgLru', (backend) => {
  for (const [shape, heads] of [
    [[1, 1, 2], 1],
    [[2, 5, 8], 2],
    [[2, 3, 2, 6], 3],
  ] as const) {
    it(`of [${shape}] with ${heads} heads has the reference's output, and the gradients of finite differences`, async () => {
      poisonMemory();
      const [outer, steps, ...rest] = shape as readonly number[] as [number, number, ...number[]];
      const width = (rest.at(-1) ?? 2) / 2;
      const tokens = rest.length === 2 ? (rest[0] ?? 1) : 1;
      const draw = (name: string, of: readonly number[], scale = 1, mean = 0) =>
        normalInput(randomKey('complex', name), of, scale, mean);
      const w = [heads, (2 * width) / heads, width / heads];
      const inputs = {
        x: draw('x', shape),
        state: draw('state', [outer, ...rest]),
        a_param: draw('a_param', [width], 1, -2),
        a_imag_param: draw('a_imag_param', [width]),
        'input_gate/w': draw('input w', w, 0.7),
        'input_gate/b': draw('input b', [heads, width / heads], 0.3),
        'a_gate/w': draw('a w', w, 0.7),
        'a_gate/b': draw('a b', [heads, width / heads], 0.3),
      };
      const dy = draw('dy', shape);
      const segmentPos = positions(outer, steps);
      const naive = (arrays: Record<string, Float64Array>) =>
        complexRgLruNaive(arrays, segmentPos, { outer, steps, tokens, width, heads });
      await expectLikeReference({
        op: ({ x, state, ...params }) =>
          tf.tidy(() => {
            const options = {
              segmentPos: positionsTensor(outer, steps),
              state: state as tf.Tensor,
            };
            return complexRgLru(x as tf.Tensor, params, options).y;
          }),
        inputs,
        dy,
        y: naive(numbers(inputs)),
        gradients: numericGradients(inputs, dy.data, naive),
        tolerance: tolerances[backend],
      });
    });
  }

  it.each([8, 2.5])(
    'with c = %d is the real unit for both parts where all phases are 0 and the gates see one number each',
    async (decayPower) => {
      const params = initComplexRgLru(randomKey(1), { width: 4, heads: 2, minRadius: 0.5 });
      const [inputBias, aBias] = ['input_gate/b', 'a_gate/b'].map((name) =>
        randomTensor(randomKey(name), [2, 2]),
      ) as [tf.Tensor, tf.Tensor];
      const complex = {
        a_param: params['a_param'] as tf.Tensor,
        a_imag_param: tf.zeros([4]),
        'input_gate/w': tf.zeros([2, 4, 2]),
        'input_gate/b': inputBias,
        'a_gate/w': tf.zeros([2, 4, 2]),
        'a_gate/b': aBias,
      };
      const zeros = tf.zeros([2, 2, 2]);
      const real = { ...complex, 'input_gate/w': zeros, 'a_gate/w': zeros };
      const x = randomTensor(randomKey('x'), [2, 5, 3, 8]);
      const { y } = complexRgLru(x, complex, { decayPower });
      const parts = tf.split(x, 2, -1).map((part) => rgLru(part, real, { decayPower }).y);
      const expected = { shape: x.shape, data: await tf.concat(parts, -1).data() };
      await expectTensorClose(y, expected, tolerances[backend]);
    },
  );

  it('of parts, cut at any points, is that of the whole', async () => {
    const params = initComplexRgLru(randomKey(2), { width: 4, heads: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.nat({ max: 7 }),
        fc.nat(),
        async (steps, count, seed) => {
          const x = randomTensor(randomKey(seed, 'x'), [2, steps, 8]);
          const segmentPos = positionsTensor(2, steps, seed);
          await expectPartsLikeWhole(
            (part, options: SequenceOptions<tf.Tensor>) => complexRgLru(part, params, options),
            x,
            segmentPos,
            cuts(randomKey(seed, 'cuts'), steps, count),
            tolerances[backend],
          );
          tf.dispose([x, segmentPos]);
        },
      ),
      { numRuns: backend === 'webgpu' ? 3 : 10 },
    );
    tf.dispose(params);
  });

  it('takes the place of the real unit in a block whose parameters have phases', async () => {
    const unit = initComplexRgLru(randomKey(3), { width: 3, heads: 1 });
    const draw = (name: string, shape: number[]) => randomTensor(randomKey(name), shape);
    const eye = tf.eye(6);
    // Linear layers that change nothing, a convolution that passes the current step, and a gate of GELU(100).
    const params = {
      'linear_x/kernel': eye,
      'linear_x/bias': tf.zeros([6]),
      'linear_y/kernel': tf.zeros([6, 6]),
      'linear_y/bias': tf.fill([6], 100),
      'conv_1d/w': tf.concat([tf.zeros([1, 6]), tf.ones([1, 6])]),
      'conv_1d/b': tf.zeros([6]),
      'linear_out/kernel': tf.mul(eye, 0.01),
      'linear_out/bias': tf.zeros([6]),
      ...Object.fromEntries(
        Object.entries(unit).map(([name, tensor]) => [`rg_lru/${name}`, tensor]),
      ),
    };
    const x = draw('x', [2, 4, 6]);
    const expected = await complexRgLru(x, unit).y.data();
    const { y } = recurrentBlock(x, params);
    await expectTensorClose(y, { shape: [2, 4, 6], data: expected }, tolerances[backend]);
  });
});

describe('the weights of initComplexRgLru', () => {
  it('have the shapes of the official code, and phases below a tenth of π', async () => {
    const params = initComplexRgLru(randomKey(1), { width: 1000, heads: 4 });
    const shapes = Object.fromEntries(
      Object.entries(params).map(([name, { shape }]) => [name, shape]),
    );
    expect(shapes).toEqual({
      a_param: [1000],
      a_imag_param: [1000],
      'input_gate/w': [4, 500, 250],
      'input_gate/b': [4, 250],
      'a_gate/w': [4, 500, 250],
      'a_gate/b': [4, 250],
    });
    const phases = Array.from(await (params['a_imag_param'] as tf.Tensor).data()).sort(
      (a, b) => a - b,
    );
    expect(phases[0]).toBeGreaterThanOrEqual(0);
    expect(phases.at(-1)).toBeLessThan(0.1 * Math.PI);
    expect((phases[500] ?? 0) / (0.05 * Math.PI)).toBeCloseTo(1, 0.9);
    tf.dispose(params);
  });
});

describe('the arguments of complexRgLru', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initComplexRgLru(randomKey(1), { width: 4, heads: 2 });
      expect(() => complexRgLru(tf.zeros([2, 3, 4]), params)).toThrow(
        new ShapeError('params["a_param"] was [4]; it must be [2]'),
      );
      const { a_imag_param: _, ...rest } = params;
      expect(() => complexRgLru(tf.zeros([2, 3, 8]), rest)).toThrow(
        new ShapeError('params["a_imag_param"] was missing; it must be [4]'),
      );
    });
  });
});
