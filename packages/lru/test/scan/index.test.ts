import { DTypeError, randomKey, randomUniform, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectCloseToScale,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  numbers,
  officialTolerances,
  poisonMemory,
  randomTensor,
  tolerances,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScan } from '../../src/index.ts';
import { linearScanNaive, type ScanInputs } from '../../src/scan/naive.ts';
import { cuts } from '../splits.ts';
import { inputsOf, scanCase, shapes } from './scan-case.ts';

/**
 * The scan over parts of a sequence, each from the last state of the part before, and the gradients of a sum over all outputs and
 * the last state.
 *
 * @param inputs a, x and h0. @param points where the parts begin and end.
 */
function outputsAndGradients(
  inputs: readonly tf.Tensor[],
  points: readonly number[],
  reverse: boolean,
): Record<string, tf.Tensor> {
  const ranges = points.slice(1).map((end, index) => [points[index] ?? 0, end] as const);
  const run = (a: tf.Tensor, x: tf.Tensor, h0: tf.Tensor) => {
    let state = h0;
    const ys = (reverse ? [...ranges].reverse() : ranges).map(([begin, end]) => {
      const part = (of: tf.Tensor) =>
        tf.slice(
          of,
          of.shape.map((_, axis) => (axis === 1 ? begin : 0)),
          of.shape.map((size, axis) => (axis === 1 ? end - begin : size)),
        );
      const { y, state: last } = linearScan(part(x), part(a), { initialState: state, reverse });
      state = last;
      return y;
    });
    return { y: tf.concat(reverse ? ys.reverse() : ys, 1), state };
  };
  return tf.tidy(() => {
    const [a, x, h0] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
    const weights = { y: randomTensor(randomKey('dy'), x.shape), state: tf.onesLike(h0) };
    const [da, dx, dh0] = tf.grads((...at: tf.Tensor[]) => {
      const { y, state } = run(...(at as [tf.Tensor, tf.Tensor, tf.Tensor]));
      return tf.add(tf.sum(tf.mul(y, weights.y)), tf.sum(tf.mul(state, weights.state)));
    })([a, x, h0]) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { ...run(a, x, h0), da, dx, dh0 };
  });
}

await describeBackends('the linear scan', (backend) => {
  for (const shape of shapes) {
    for (const reverse of [false, true]) {
      const name = `of [${shape}]${reverse ? ', reversed' : ''}`;
      it(`${name} has the reference's output and gradients`, async () => {
        poisonMemory();
        await expectLikeReference(scanCase(shape, reverse, tolerances[backend]));
      });
    }
  }

  it('gives the last state, whose gradient goes to all that led to it', async () => {
    const f = (a: tf.Tensor, x: tf.Tensor, h0: tf.Tensor) =>
      tf.tidy(() => linearScan(x, a, { initialState: h0 }).state);
    await expectNoLeak(async () => {
      const inputs = [
        tf.tensor3d([0.5, 2, -1], [1, 3, 1]),
        tf.tensor3d([1, 3, 5], [1, 3, 1]),
        tf.tensor2d([[4]]),
      ] as [tf.Tensor, tf.Tensor, tf.Tensor];
      const last = f(...inputs);
      // h = 3, 9, -4.
      await expectTensorClose(last, { shape: [1, 1], data: [-4] });
      const dy = tf.ones([1, 1]);
      const gradients = tf.grads(f)(inputs, dy);
      await expectTensorClose(gradients[0] as tf.Tensor, { shape: [1, 3, 1], data: [-8, -3, 9] });
      await expectTensorClose(gradients[1] as tf.Tensor, { shape: [1, 3, 1], data: [-2, -1, 1] });
      await expectTensorClose(gradients[2] as tf.Tensor, { shape: [1, 1], data: [-1] });
      tf.dispose([inputs, dy, last, gradients]);
    });
  });

  it('begins with zeros where no state is given', async () => {
    const [a, x] = [
      randomTensor(randomKey('a'), [2, 4, 3]),
      randomTensor(randomKey('x'), [2, 4, 3]),
    ];
    const { y, state } = linearScan(x, a);
    const { y: expected } = linearScan(x, a, { initialState: tf.zeros([2, 3]) });
    await expectTensorClose(y, { shape: [2, 4, 3], data: await expected.data() });
    expect(state.shape).toEqual([2, 3]);
  });

  it('of parts, cut at any points, is that of the whole: outputs, last state and every gradient', async () => {
    const examples = fc.record({
      length: fc.integer({ min: 1, max: 12 }),
      count: fc.nat({ max: 11 }),
      reverse: fc.boolean(),
      tokens: fc.boolean(),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(examples, async ({ length, count, reverse, tokens, seed }) => {
        await expectNoLeak(async () => {
          const shape = tokens ? [2, length, 3, 2] : [2, length, 3];
          const points = cuts(randomKey(seed, 'cuts'), length, count);
          const inputs = Object.values(toTensors(inputsOf(shape, seed)));
          const whole = outputsAndGradients(inputs, [0, length], reverse);
          const parts = outputsAndGradients(inputs, points, reverse);
          for (const [name, tensor] of Object.entries(parts)) {
            const of = whole[name] as tf.Tensor;
            const expected = { shape: of.shape, data: await of.data() };
            await expectCloseToScale(name, tensor, expected, officialTolerances[backend]);
          }
          tf.dispose([inputs, whole, parts]);
        });
      }),
      { numRuns: backend === 'webgpu' ? 4 : 20, seed: 1 },
    );
  });

  it.each([1e30, Number.NaN, Number.POSITIVE_INFINITY])(
    'forgets %d at a step whose a is 0, forward and backward',
    async (value) => {
      await expectNoLeak(async () => {
        // The state and the first x before the 0, and what is asked of the last step behind another.
        const a = tf.tensor3d([0.5, 0, 0.5, 0], [1, 4, 1]);
        const x = tf.tensor3d([value, 1, 1, 3], [1, 4, 1]);
        const h0 = tf.tensor2d([[value]]);
        const { y, state } = linearScan(x, a, { initialState: h0 });
        expect([...(await y.data())].slice(1)).toEqual([1, 1.5, 3]);
        const dy = tf.tensor3d([0, 0, 1, value], [1, 4, 1]);
        const of = (...[at, input, state]: tf.Tensor[]) =>
          linearScan(input as tf.Tensor, at as tf.Tensor, { initialState: state }).y;
        const [da, dx, dh0] = tf.grads(of)([a, x, h0], dy) as [tf.Tensor, tf.Tensor, tf.Tensor];
        expect([...(await dx.data())].slice(0, 3)).toEqual([0, 0.5, 1]);
        // 0.5 times the first state, which is a number where the value is one.
        expect((await da.data())[1]).toBe(
          value === 1e30 ? Math.fround(0.75 * Math.fround(1e30)) : 0,
        );
        expect((await da.data())[2]).toBe(1);
        expect([...(await dh0.data())]).toEqual([0]);
        tf.dispose([a, x, h0, y, state, dy, da, dx, dh0]);
      });
    },
  );

  it.each([20_000, 100_000])('keeps its digits over %d steps of an a near 1', async (length) => {
    const shape = [1, length, 3] as const;
    const uniform = (name: string) => randomUniform(randomKey(name), length * 3);
    // Of both signs, so that states do not grow into where float32 rounds all in one direction.
    const x = normalInput(randomKey('x'), shape);
    for (const reverse of [false, true]) {
      const inputs = {
        a: { shape, data: Float64Array.from(uniform('a'), (u) => Math.fround(0.9999 + 1e-4 * u)) },
        x,
        h0: normalInput(randomKey('h0'), [1, 3], 100),
      };
      const naive = numbers(inputs) as unknown as ScanInputs;
      const expected = linearScanNaive(naive, shape, reverse);
      const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const { a, x: input, h0 } = toTensors(inputs) as Record<'a' | 'x' | 'h0', tf.Tensor>;
      const y = tf.tidy(() => linearScan(input, a, { initialState: h0, reverse }).y);
      const met = await y.data();
      const errors = Array.from(met, (value, at) => Math.abs(value - (expected[at] ?? 0)));
      const worst = errors.reduce((most, error) => Math.max(most, error));
      expect(worst / scale).toBeLessThan(5e-6);
      tf.dispose([a, input, h0, y]);
    }
  });
});

describe('an argument of linearScan', () => {
  it.each([
    ['x', [2, 3], undefined, undefined, 'x was [2, 3]; it must be [rows, T, E]'],
    [
      'x',
      [0, 3, 2],
      undefined,
      undefined,
      'x was [0, 3, 2]; it must be [rows, T, E] and not be empty',
    ],
    ['a', [2, 3, 4], [2, 3, 5], undefined, 'a was [2, 3, 5]; it must be [2, 3, 4]'],
    ['h0', [2, 3, 4], undefined, [2, 3], 'initialState was [2, 3]; it must be [2, 4]'],
    ['h0', [2, 3, 4, 5], undefined, [2, 20], 'initialState was [2, 20]; it must be [2, 4, 5]'],
  ] as const)('%s is refused when it does not fit', (_, x, a, h0, message) => {
    tf.tidy(() => {
      const call = () =>
        linearScan(tf.zeros([...x]), tf.zeros([...(a ?? x)]), {
          initialState: h0 && tf.zeros([...h0]),
        });
      expect(call).toThrow(new ShapeError(message));
    });
  });

  it('is refused when it is not float32', () => {
    tf.tidy(() => {
      const [real, whole] = [tf.zeros([1, 2, 3]), tf.zeros([1, 2, 3], 'int32')];
      expect(() => linearScan(real, whole)).toThrow(DTypeError);
      expect(() => linearScan(whole, real)).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
    });
  });
});
