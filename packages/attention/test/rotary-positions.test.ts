import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectCloseToScale,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  officialTolerances,
  poisonMemory,
  randomTensor,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotaryPositions } from '../src/index.ts';
import { rotaryNaive } from './rotary-naive.ts';

await describeBackends('rotaryPositions', (backend) => {
  for (const [base, ...positions] of [
    [10_000, 0, 1, 2, 3, 4],
    [10_000, 7, 3, 0, 1000, -2],
    [50, 7, 3, 0, 10, -2],
  ] as [number, ...number[]][]) {
    it(`turns pairs by the positions [${positions}] with base ${base}, and its gradient back`, async () => {
      poisonMemory();
      const shape = [2, 5, 3, 6];
      const x = normalInput(randomKey('x'), shape);
      const dy = normalInput(randomKey('dy'), shape);
      await expectLikeReference({
        op: ({ x }) => rotaryPositions(x as tf.Tensor, { positions, base }),
        inputs: { x },
        dy,
        y: rotaryNaive(x.data, shape, positions, base),
        gradients: {
          x: rotaryNaive(
            dy.data,
            shape,
            positions.map((position) => -position),
            base,
          ),
        },
        tolerance: tolerances[backend],
      });
    });
  }

  it('leaves a product of two tokens a function of their distance', async () => {
    const [q, k] = [1, 2].map((n) => tf.fill([1, 1, 1, 4], n)) as [tf.Tensor, tf.Tensor];
    const product = (i: number, j: number) =>
      tf.tidy(() =>
        tf.sum(tf.mul(rotaryPositions(q, { positions: i }), rotaryPositions(k, { positions: j }))),
      );
    const [a, b] = [product(3, 1), product(102, 100)];
    await expectTensorClose(a, await b.data(), { rtol: 1e-4, atol: 1e-4 });
    tf.dispose([q, k, a, b]);
  });

  const int64 = { of: (...of: number[]) => BigInt64Array.from(of, BigInt) };
  it.each([Int32Array, Uint32Array, Float32Array, Float64Array, int64])(
    'takes positions as %o, once or for each row',
    async (Typed) => {
      const x = tf.randomNormal([2, 3, 1, 4]) as tf.Tensor;
      for (const [typed, listed] of [
        [Typed.of(4, 0, 9), [4, 0, 9]],
        [
          [Typed.of(4, 0, 9), [1, 2, 3]],
          [
            [4, 0, 9],
            [1, 2, 3],
          ],
        ],
      ] as const) {
        const [y, expected] = [typed, listed].map((positions) =>
          rotaryPositions(x, { positions }),
        ) as [tf.Tensor, tf.Tensor];
        expect([...(await y.data())]).toEqual([...(await expected.data())]);
        tf.dispose([y, expected]);
      }
      x.dispose();
    },
  );

  it('turns twice by the sum of both positions, keeps the size of every vector, and is undone by the opposite', async () => {
    const place = fc.integer({ min: -500, max: 500 });
    await fc.assert(
      fc.asyncProperty(place, place, fc.nat(), async (first, second, seed) => {
        await expectNoLeak(async () => {
          const x = randomTensor(randomKey(seed), [2, 1, 3, 4]);
          const [twice, once, back, size, sizeBefore] = tf.tidy(() => {
            const at = (of: tf.Tensor, positions: number) => rotaryPositions(of, { positions });
            const turned = at(x, first);
            const squares = (of: tf.Tensor) => tf.sum(tf.square(of), -1);
            return [
              at(turned, second),
              at(x, first + second),
              at(turned, -first),
              squares(turned),
              squares(x),
            ];
          }) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          for (const [name, actual, expected] of [
            ['twice', twice, once],
            ['back', back, x],
            ['size', size, sizeBefore],
          ] as const) {
            const of = { shape: expected.shape, data: await expected.data() };
            await expectCloseToScale(name, actual, of, officialTolerances[backend]);
          }
          tf.dispose([x, twice, once, back, size, sizeBefore]);
        });
      }),
      { numRuns: backend === 'webgpu' ? 4 : 15, seed: 1 },
    );
  });
});

describe('the arguments of rotaryPositions', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      expect(() => rotaryPositions(tf.zeros([1, 2, 1, 3]))).toThrow(
        new ShapeError('x was [1, 2, 1, 3]; its last dimension must be even'),
      );
      expect(() => rotaryPositions(tf.zeros([1, 2, 1, 4]), { positions: [1] })).toThrow(
        new ShapeError('positions held 1 numbers; it must hold one for each of the 2 tokens'),
      );
      const x = tf.zeros([2, 2, 1, 4]);
      const refused = (options: object) => () => rotaryPositions(x, options);
      for (const dims of [0, -2, 3, 2.5]) {
        expect(refused({ dims })).toThrow(
          new ShapeError(`dims was ${dims}; it must be a positive even number`),
        );
      }
      expect(refused({ dims: 6 })).toThrow(
        new ShapeError('dims was 6; it must be at most the width of a head, 4'),
      );
      expect(refused({ factor: 0 })).toThrow(
        new RangeError('factor was 0; it must be a finite number above 0'),
      );
      expect(refused({ interleaved: 'yes' })).toThrow(/^interleaved was /);
      expect(refused({ positions: [[0, 1]] })).toThrow(
        new ShapeError('positions held 1 lists; it must hold one for each of the 2 rows'),
      );
      expect(refused({ positions: [[0, 1], [0]] })).toThrow(
        new ShapeError('positions[1] held 1 numbers; it must hold one for each of the 2 tokens'),
      );
      expect(
        refused({
          positions: [
            [0, 1],
            [0, Number.NaN],
          ],
        }),
      ).toThrow(new RangeError('positions[1] was NaN; it must be a finite number'));
      expect(refused({ positions: [[0, 1], 2] })).toThrow(/^positions\[1\] was 2/);
      expect(refused({ positions: tf.zeros([2]) })).toThrow(/^positions was /);
      expect(refused({ positions: [] })).toThrow(
        new ShapeError('positions was empty; it must have numbers or lists of numbers'),
      );
      expect(refused({ positions: new Int32Array(0) })).toThrow(
        new ShapeError('positions was empty; it must have numbers or lists of numbers'),
      );
      expect(refused({ positions: 'all' })).toThrow(
        new TypeError('positions was "all"; it must be a list of numbers or lists of numbers'),
      );
      expect(refused({ positions: new Int32Array(3) })).toThrow(
        new ShapeError('positions held 3 numbers; it must hold one for each of the 2 tokens'),
      );
      expect(refused({ positions: Float32Array.of(0, Number.NaN) })).toThrow(
        new RangeError('positions was NaN; it must be a finite number'),
      );
      // A vector of an odd width has an even part.
      expect(rotaryPositions(tf.zeros([1, 2, 1, 3]), { dims: 2 }).shape).toEqual([1, 2, 1, 3]);
    });
  });
});
