import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  poisonMemory,
  randomTensor,
  tolerances,
  toTensor,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initRgLru, rgLru, type SequenceOptions } from '../../src/index.ts';
import { positionsTensor } from '../positions.ts';
import { cuts, expectPartsLikeWhole } from '../splits.ts';
import { named, paramInputs, rgLruArguments, rgLruCase } from './rg-lru-case.ts';

await describeBackends('rgLru', (backend) => {
  const tolerance = tolerances[backend];
  for (const args of rgLruArguments) {
    const [shape, heads] = args;
    it(`of [${shape}] with ${heads} heads has the reference's output and gradients`, async () => {
      poisonMemory();
      await expectLikeReference(rgLruCase(args, tolerance));
    });
  }

  describe.each([-4, -8, -11, -12, -13])('of a decay near 1, a_param %d', (aParam) => {
    const width = 4;
    const params = () => ({
      a_param: tf.fill([width], aParam),
      ...{ 'input_gate/w': tf.zeros([1, width, width]), 'input_gate/b': tf.zeros([1, width]) },
      ...{ 'a_gate/w': tf.zeros([1, width, width]), 'a_gate/b': tf.zeros([1, width]) },
    });
    // Both gates are one half.
    const logA = -4 * Math.log1p(Math.exp(aParam));

    it('keeps a state over thousands of steps', async () => {
      const steps = Math.min(20_000, Math.round(-1 / logA));
      const options = { state: tf.ones([1, width]) };
      const { state } = tf.tidy(() => rgLru(tf.zeros([1, steps, width]), params(), options));
      // To round a to float32 leaves 4e-4 of 20,000 steps; the exponential of composites on webgpu may be off by three times as much.
      const rtol = backend === 'webgpu' ? 2e-3 : 1e-3;
      const expected = new Array(width).fill(Math.exp(logA * steps));
      await expectTensorClose(state, expected, { rtol, atol: 0 });
    });

    it('weighs an input by the root of 1 - a²', async () => {
      const options = { state: tf.zeros([1, width]) };
      const { y } = tf.tidy(() => rgLru(tf.ones([1, 1, width]), params(), options));
      const expected = new Array(width).fill(0.5 * Math.sqrt(-Math.expm1(2 * logA)));
      await expectTensorClose(y, expected, { rtol: 1e-5, atol: 0 });
    });
  });

  it('of parts, cut at any points, is that of the whole, with restarts and without', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 8 }),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        async (steps, count, restarts, tokens, seed) => {
          const params = named(toTensors(paramInputs(4, 2)));
          const x = randomTensor(randomKey(seed, 'x'), tokens ? [2, steps, 3, 4] : [2, steps, 4]);
          const segmentPos = positionsTensor(2, steps, seed);
          const points = cuts(randomKey(seed, 'cuts'), steps, count);
          await expectPartsLikeWhole(
            (part, options: SequenceOptions<tf.Tensor>) => rgLru(part, params, options),
            x,
            restarts ? segmentPos : undefined,
            points,
            tolerance,
          );
          tf.dispose([params, x, segmentPos]);
        },
      ),
      { numRuns: backend === 'webgpu' ? 4 : 20 },
    );
  });

  it('begins one row anew and leaves its neighbours as they were', async () => {
    const params = named(toTensors(paramInputs(4, 2)));
    const x = toTensor(normalInput(randomKey('x'), [3, 5, 4]));
    const state = toTensor(normalInput(randomKey('state'), [3, 4]));
    const at = (values: number[][]) => tf.tensor2d(values, [3, 5], 'int32');
    const going = [5, 6, 7, 8, 9];
    const plain = rgLru(x, params, { segmentPos: at([going, going, going]), state });
    const reset = rgLru(x, params, { segmentPos: at([going, [5, 6, 0, 1, 2], going]), state });
    const fresh = rgLru(tf.slice(x, [1, 2, 0], [1, 3, 4]), params);
    const row = (y: tf.Tensor, index: number) => tf.slice(y, [index, 0, 0], [1, 5, 4]);
    for (const index of [0, 2]) {
      await expectTensorClose(row(reset.y, index), await row(plain.y, index).data());
    }
    await expectTensorClose(tf.slice(reset.y, [1, 2, 0], [1, 3, 4]), await fresh.y.data());
    const before = [1, 0, 0];
    await expectTensorClose(
      tf.slice(reset.y, before, [1, 2, 4]),
      await tf.slice(plain.y, before, [1, 2, 4]).data(),
    );
  });

  it('does not normalise the first frame', async () => {
    // Gates of 1/2: a = exp(-4 ln 2) = 1/16, h = x / 2 and then h / 16 + sqrt(1 - 1/256) x / 2.
    const params = {
      a_param: tf.zeros([1]),
      'input_gate/w': tf.zeros([1, 1, 1]),
      'input_gate/b': tf.zeros([1, 1]),
      'a_gate/w': tf.zeros([1, 1, 1]),
      'a_gate/b': tf.zeros([1, 1]),
    };
    const x = tf.tensor3d([2, 2], [1, 2, 1]);
    const second = 1 / 16 + Math.sqrt(255 / 256);
    const { y, state } = rgLru(x, params);
    await expectTensorClose(y, { shape: [1, 2, 1], data: [1, second] });
    await expectTensorClose(state, { shape: [1, 1], data: [second] });
    const { y: later } = rgLru(x, params, { state: tf.zeros([1, 1]) });
    await expectTensorClose(tf.slice(later, [0, 0, 0], [1, 1, 1]), [Math.sqrt(255 / 256)]);
  });

  it('has finite gradients where an eigenvalue is 1 in float32', async () => {
    const params = { ...named(toTensors(paramInputs(2, 1))), a_param: tf.tensor1d([-40, -1]) };
    const x = randomTensor(randomKey('x'), [1, 4, 2]);
    for (const gradient of Object.values(paramGradients(x, params))) {
      expect((await gradient.data()).every(Number.isFinite)).toBe(true);
    }
  });

  it.each([-17, -18, -19, -20])(
    'counts the slope of the root as 1000 at a_param %d',
    async (aParam) => {
      // With r = 1/4 the root is that of 1 - exp(-4 softplus), below 1 / (4 · 1000²) even for -17, and any rounding of it is too.
      const params = {
        a_param: tf.tensor1d([aParam]),
        'input_gate/w': tf.zeros([1, 1, 1]),
        'input_gate/b': tf.zeros([1, 1]),
        'a_gate/w': tf.zeros([1, 1, 1]),
        'a_gate/b': tf.tensor2d([[-Math.log(3)]]),
      };
      const [x, state] = [tf.tensor3d([3], [1, 1, 1]), tf.zeros([1, 1])];
      const gradients = paramGradients(x, params, state);
      // h = gamma i x from a state of 0: 3/2 · 1000 · -2 a² · d log a, and log a = -8 r softplus(a_param).
      const slope = (3 / 2) * 1000 * -2;
      const [softplus, sigmoid] = [Math.log1p(Math.exp(aParam)), 1 / (1 + Math.exp(-aParam))];
      const close = { rtol: 1e-4, atol: 0 };
      const dAParam = slope * -8 * (1 / 4) * sigmoid;
      await expectTensorClose(gradients['a_param'] as tf.Tensor, [dAParam], close);
      const dRecurrenceGate = slope * -8 * (1 / 4) * (3 / 4) * softplus;
      await expectTensorClose(gradients['a_gate/b'] as tf.Tensor, [dRecurrenceGate], close);
    },
  );
});

/** The gradients of sum(y) by the parameters. */
function paramGradients(
  x: tf.Tensor,
  params: Readonly<Record<string, tf.Tensor>>,
  state?: tf.Tensor,
): Record<string, tf.Tensor> {
  const names = Object.keys(params);
  const gradients = tf.grads((...tensors: tf.Tensor[]) => {
    const given = names.map((name, index) => [name, tensors[index] as tf.Tensor]);
    return rgLru(x, Object.fromEntries(given), state === undefined ? {} : { state }).y;
  })(Object.values(params));
  return Object.fromEntries(names.map((name, index) => [name, gradients[index] as tf.Tensor]));
}

await describeBackends('the weights of initRgLru', () => {
  it('have eigenvalues uniform by area in the ring, and gates of the given deviation', async () => {
    const [width, heads, minRadius] = [4000, 50, 0.5];
    const params = initRgLru(randomKey(1), { width, heads, minRadius });
    const shapes = Object.fromEntries(
      Object.entries(params).map(([name, { shape }]) => [name, shape]),
    );
    expect(shapes).toEqual({
      a_param: [width],
      'input_gate/w': [heads, 80, 80],
      'input_gate/b': [heads, 80],
      'a_gate/w': [heads, 80, 80],
      'a_gate/b': [heads, 80],
    });
    const squares = Array.from(
      await (params['a_param'] as tf.Tensor).data(),
      (value) => (1 / (1 + Math.exp(value))) ** 2,
    ).sort((a, b) => a - b);
    // Areas are uniform from minRadius² to 0.999²: the quartiles are evenly spaced, to three deviations of 4000 draws.
    const [low, span] = [minRadius ** 2, 0.999 ** 2 - minRadius ** 2];
    expect(squares[0]).toBeGreaterThanOrEqual(low - 1e-5);
    expect(squares.at(-1)).toBeLessThanOrEqual(0.999 ** 2 + 1e-5);
    for (const part of [0.25, 0.5, 0.75]) {
      const quantile = ((squares[part * width] ?? 0) - low) / span;
      expect(Math.abs(quantile - part)).toBeLessThan(3 * Math.sqrt((part * (1 - part)) / width));
    }
    for (const gate of ['input_gate', 'a_gate']) {
      const { mean, variance } = tf.moments(params[`${gate}/w`] as tf.Tensor);
      expect(Math.abs((await mean.data())[0] ?? 1)).toBeLessThan(1e-4);
      expect(((await variance.data())[0] ?? 0) * width).toBeCloseTo(1, 1);
    }
    tf.dispose(params);
  });
});

describe('the arguments of rgLru', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initRgLru(randomKey(1), { width: 4, heads: 2 });
      const x = tf.zeros([2, 3, 4]);
      expect(() => rgLru(tf.zeros([3, 4]), params)).toThrow(
        new ShapeError('x was [3, 4]; it must be [rows, T, D]'),
      );
      expect(() => rgLru(tf.zeros([2, 3, 6]), params)).toThrow(
        new ShapeError('params["a_param"] was [4]; it must be [6]'),
      );
      const { 'a_gate/b': _, ...rest } = params;
      expect(() => rgLru(x, rest)).toThrow(
        new ShapeError('params["a_gate/b"] was missing; it must be [2, 2]'),
      );
      const odd = { ...params, 'input_gate/w': tf.zeros([3, 1, 1]) };
      expect(() => rgLru(x, odd)).toThrow(
        new ShapeError('params["input_gate/w"] had 3 blocks; their number must divide 4'),
      );
      const segmentPos = tf.zeros([2, 4], 'int32');
      expect(() => rgLru(x, params, { segmentPos })).toThrow(
        new ShapeError('segmentPos was [2, 4]; it must be [2, 3]'),
      );
      expect(() => rgLru(x, params, { segmentPos: tf.zeros([2, 3]) })).toThrow(
        new DTypeError('segmentPos was float32; it must be int32'),
      );
      expect(() => rgLru(x, params, { state: tf.zeros([2, 3]) })).toThrow(
        new ShapeError('state was [2, 3]; it must be [2, 4]'),
      );
    });
  });

  it('of initRgLru too', () => {
    expect(() => initRgLru(randomKey(1), { width: 4, heads: 3 })).toThrow(
      new ShapeError('heads was 3; it must be a positive divisor of the width, 4'),
    );
    expect(() => initRgLru(randomKey(1), { width: 4, heads: 2, minRadius: 1 })).toThrow(
      new RangeError('minRadius was 1; it must be at least 0 and below 0.999'),
    );
  });
});
