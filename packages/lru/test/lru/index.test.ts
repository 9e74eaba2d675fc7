import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  type Inputs,
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
import { type Complex, initLru, lru, type SequenceOptions } from '../../src/index.ts';
import { lruNaive } from '../../src/lru/naive.ts';
import { positions, positionsTensor } from '../positions.ts';
import { cuts, expectPartsLikeWhole } from '../splits.ts';

function paramInputs(width: number, states: number): Inputs {
  const draw = (name: string, shape: number[], scale: number, mean = 0) =>
    normalInput(randomKey('param', name), shape, scale, mean);
  return {
    nu_log: draw('nu_log', [states], 0.7, -1.5),
    theta_log: draw('theta_log', [states], 0.8),
    gamma_log: draw('gamma_log', [states], 0.5),
    B_re: draw('B_re', [states, width], 0.5),
    B_im: draw('B_im', [states, width], 0.5),
    C_re: draw('C_re', [width, states], 0.5),
    C_im: draw('C_im', [width, states], 0.5),
    D: draw('D', [width], 1),
  };
}

await describeBackends('lru', (backend) => {
  const tolerance = tolerances[backend];
  for (const [shape, states, restarts] of [
    [[1, 1, 1], 1, false],
    [[3, 1, 2], 5, true],
    [[2, 7, 3], 4, false],
    [[2, 6, 4], 3, true],
    [[2, 3, 2, 3], 2, false],
    [[1, 4, 3, 2], 3, true],
  ] as const) {
    const name = `of [${shape}] with ${states} states${restarts ? ' and restarts' : ''}`;
    it(`${name} has the reference's output and gradients`, async () => {
      poisonMemory();
      const [outer, steps, ...rest] = shape as readonly number[] as [number, number, ...number[]];
      const width = rest.at(-1) ?? 1;
      const tokens = rest.length === 2 ? (rest[0] ?? 1) : 1;
      const stateShape = [outer, ...rest.slice(0, -1), states];
      const inputs = {
        x: normalInput(randomKey('x'), shape),
        stateRe: normalInput(randomKey('stateRe'), stateShape),
        stateIm: normalInput(randomKey('stateIm'), stateShape),
        ...paramInputs(width, states),
      };
      const dy = normalInput(randomKey('dy'), shape);
      const segmentPos = restarts ? positions(outer, steps) : new Int32Array(outer * steps).fill(1);
      const naive = (arrays: Record<string, Float64Array>) =>
        lruNaive(arrays, segmentPos, { outer, steps, tokens, width, states });
      await expectLikeReference({
        op: ({ x, stateRe, stateIm, ...params }) =>
          tf.tidy(() => {
            const options = {
              state: { re: stateRe as tf.Tensor, im: stateIm as tf.Tensor },
              ...(restarts ? { segmentPos: positionsTensor(outer, steps) } : {}),
            };
            return lru(x as tf.Tensor, params, options).y;
          }),
        inputs,
        dy,
        y: naive(numbers(inputs)),
        gradients: numericGradients(inputs, dy.data, naive),
        tolerance,
      });
    });
  }

  it('does what is worked out by hand: a quarter turn and half the size at each step', async () => {
    const params = {
      nu_log: tf.tensor1d([Math.log(Math.LN2)]),
      theta_log: tf.tensor1d([Math.log(Math.PI / 2)]),
      gamma_log: tf.tensor1d([Math.log(3)]),
      B_re: tf.tensor2d([[2]]),
      B_im: tf.tensor2d([[0]]),
      C_re: tf.tensor2d([[1]]),
      C_im: tf.tensor2d([[10]]),
      D: tf.tensor1d([100]),
    };
    const { y, state } = lru(tf.tensor3d([1, 0, 0, 0], [1, 4, 1]), params);
    // h = 6, 3i, -1.5, -0.75i, and y = Re h - 10 Im h, with 100 x beside it.
    await expectTensorClose(y, { shape: [1, 4, 1], data: [106, -30, -1.5, 7.5] });
    await expectTensorClose(state.im, { shape: [1, 1], data: [-0.75] });
  });

  it('of parts, cut at any points, is that of the whole, with restarts and without', async () => {
    const params = initLru(randomKey(1), { width: 3, lruWidth: 5, minRadius: 0.4 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 8 }),
        fc.boolean(),
        fc.nat(),
        async (steps, count, restarts, seed) => {
          const x = randomTensor(randomKey(seed, 'x'), [2, steps, 3]);
          const segmentPos = positionsTensor(2, steps, seed);
          await expectPartsLikeWhole(
            (part, options: SequenceOptions<Complex>) => lru(part, params, options),
            x,
            restarts ? segmentPos : undefined,
            cuts(randomKey(seed, 'cuts'), steps, count),
            tolerance,
          );
          tf.dispose([x, segmentPos]);
        },
      ),
      { numRuns: backend === 'webgpu' ? 3 : 15 },
    );
    tf.dispose(params);
  });
});

describe('the weights of initLru', () => {
  it('have eigenvalues uniform by area in the ring, phases below the maximum, and states of unit size', async () => {
    const states = 4000;
    const [minRadius, maxRadius, maxPhase] = [0.6, 0.9, 0.3];
    const args = { width: 8, lruWidth: states, minRadius, maxRadius, maxPhase };
    const params = initLru(randomKey(1), args);
    const values = async (name: string) => Array.from(await (params[name] as tf.Tensor).data());
    const squares = (await values('nu_log')).map((nu) => Math.exp(-2 * Math.exp(nu)));
    const sorted = [...squares].sort((a, b) => a - b);
    expect(sorted[0]).toBeGreaterThanOrEqual(0.36 - 1e-6);
    expect(sorted.at(-1)).toBeLessThanOrEqual(0.81 + 1e-6);
    for (const part of [0.25, 0.5, 0.75]) {
      const quantile = ((sorted[part * states] ?? 0) - 0.36) / 0.45;
      expect(Math.abs(quantile - part)).toBeLessThan(3 * Math.sqrt((part * (1 - part)) / states));
    }
    const phases = (await values('theta_log')).map(Math.exp).sort((a, b) => a - b);
    expect(phases[0]).toBeGreaterThan(0);
    expect(phases.at(-1)).toBeLessThanOrEqual(0.3 + 1e-6);
    expect(Math.abs((phases[states / 2] ?? 0) / 0.3 - 0.5)).toBeLessThan(0.025);
    const gammas = await values('gamma_log');
    for (const [index, square] of squares.entries()) {
      expect(Math.exp(gammas[index] ?? 0) ** 2).toBeCloseTo(1 - square, 5);
    }
    const variance = async (name: string) =>
      (await tf.moments(params[name] as tf.Tensor).variance.data())[0] ?? 0;
    expect((await variance('B_re')) * 16).toBeCloseTo(1, 1);
    expect((await variance('C_im')) * states).toBeCloseTo(1, 1);
    tf.dispose(params);
  });

  it('are finite for the whole disk', async () => {
    for (const tensor of Object.values(initLru(randomKey(2), { width: 1000 }))) {
      expect((await tensor.data()).every(Number.isFinite)).toBe(true);
      tensor.dispose();
    }
  });

  it('are refused for a ring or a phase that is none', () => {
    const init = (args: object) => () => initLru(randomKey(1), { width: 2, ...args });
    expect(init({ minRadius: 0.9, maxRadius: 0.5 })).toThrow(
      new RangeError(
        'minRadius and maxRadius were 0.9 and 0.5; they must be in [0, 1], the first below the second',
      ),
    );
    expect(init({ maxPhase: 0 })).toThrow(
      new RangeError('maxPhase was 0; it must be a finite number above 0'),
    );
  });
});

describe('the arguments of lru', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initLru(randomKey(1), { width: 3, lruWidth: 5 });
      const x = tf.zeros([2, 4, 3]);
      expect(() => lru(tf.zeros([2, 4, 2]), params)).toThrow(
        new ShapeError('params["B_re"] was [5, 3]; it must be [5, 2]'),
      );
      const state = { re: tf.zeros([2, 5]), im: tf.zeros([2, 3]) };
      expect(() => lru(x, params, { state })).toThrow(
        new ShapeError('state.im was [2, 3]; it must be [2, 5]'),
      );
      const { D: _, ...rest } = params;
      expect(() => lru(x, rest)).toThrow(new ShapeError('params["D"] was missing; it must be [3]'));
    });
  });
});
