import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { describeBackends, expectNoLeak, poisonMemory } from '../../src/testing/index.ts';

const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -2.5, 7, 3e38];

/** Shapes that broadcast each other, one of which may have a single number. */
const shapes = [
  ...[
    [[9], [9]],
    [[9], []],
    [[1], [2, 3]],
    [[2, 3], [3]],
  ],
  ...[
    [
      [2, 1],
      [1, 5],
    ],
    [
      [4, 1, 3],
      [2, 1],
    ],
    [[0], []],
    [
      [2, 0],
      [2, 1],
    ],
  ],
];

const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

await describeBackends('extremes', () => {
  beforeAll(() => poisonMemory());

  // JavaScript's, too, are NaN where one of the two is.
  for (const [name, op, reference] of [
    ['maximum', tf.maximum, Math.max],
    ['minimum', tf.minimum, Math.min],
  ] as const) {
    it(`${name} keeps what is no number, whichever of the two it is`, async () => {
      const arbitrary = fc.constantFrom(...shapes).chain(([a = [], b = []]) => {
        const values = (shape: readonly number[]) =>
          fc.array(fc.constantFrom(...numbers), {
            minLength: size(shape),
            maxLength: size(shape),
          });
        return fc.record({ a: values(a), b: values(b), of: fc.constant({ a, b }) });
      });
      await expectNoLeak(() =>
        fc.assert(
          fc.asyncProperty(arbitrary, async ({ a, b, of }) => {
            const [left, right] = [tf.tensor(a, of.a, 'float32'), tf.tensor(b, of.b, 'float32')];
            const y = op(left, right);
            const whole = tf.tidy(() => [left, right].map((x) => tf.broadcastTo(x, y.shape)));
            const [as = [], bs = []] = await Promise.all(whole.map((x) => x.data()));
            const wanted = Array.from(as, (value, i) => reference(value, bs[i] ?? 0));
            expect(Array.from(await y.data(), (value) => value + 0)).toEqual(
              wanted.map((value) => value + 0),
            );
            tf.dispose([left, right, y, whole]);
          }),
          { numRuns: 40 },
        ),
      );
    });
  }

  it.each([1, 4, 7, 100_003])('clipByValue and relu6 keep it, of %i numbers', async (length) => {
    const values = Array.from({ length }, (_, i) => numbers[i % numbers.length] as number);
    const x = tf.tensor1d(values);
    const results = { clipped: tf.clipByValue(x, -1.5, 2), relu6: tf.relu6(x) };
    const between = (low: number, high: number) =>
      values.map((value) => Math.min(Math.max(value, low), high));
    expect(Array.from(await results.clipped.data())).toEqual(between(-1.5, 2));
    expect(Array.from(await results.relu6.data())).toEqual(between(0, 6));
    tf.dispose([x, results]);
  });
});
