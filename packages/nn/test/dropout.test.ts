import { DTypeError, randomKey, randomUniform } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropout } from '../src/index.ts';

const exact = { rtol: 0, atol: 0 };

/** Which of `count` numbers stay, to the bit as the generator draws them. */
const kept = (seed: number, rate: number, count: number): boolean[] =>
  Array.from(randomUniform(randomKey(seed), count), (u) => u >= rate);

const examples = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
  rate: fc.double({ min: 0, max: 0.99, noNaN: true }),
  seed: fc.nat(),
});

await describeBackends('dropout', (backend) => {
  it('makes 0 of the numbers of its key, and divides the others by the share that stays', async () => {
    await fc.assert(
      fc.asyncProperty(examples, async ({ shape, rate, seed }) => {
        poisonMemory();
        await expectNoLeak(async () => {
          const x = randomTensor(randomKey(seed, 'x'), shape);
          const y = dropout(x, { rate, key: randomKey(seed) });
          const values = await x.data();
          const stays = kept(seed, rate, x.size);
          const data = stays.map((stay, at) => (stay ? (values[at] ?? 0) / (1 - rate) : 0));
          await expectTensorClose(y, { shape, data });
          tf.dispose([x, y]);
        });
      }),
      { numRuns: backend === 'webgpu' ? 8 : 25, seed: 1 },
    );
  });

  it.each([0.1, 0.5, 0.9])(
    'takes out a share of %f, and leaves the mean where it was',
    async (rate) => {
      const count = 100_000;
      const x = tf.ones([count]);
      const y = dropout(x, { rate, key: randomKey('share', rate) });
      const values = Array.from(await y.data());
      const zeros = values.filter((value) => value === 0).length / count;
      // Five standard deviations of the share.
      const spread = 5 * Math.sqrt((rate * (1 - rate)) / count);
      expect(Math.abs(zeros - rate)).toBeLessThan(spread);
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      expect(Math.abs(mean - 1)).toBeLessThan(spread / (1 - rate));
      tf.dispose([x, y]);
    },
  );

  it('is the same for the same key, and another for another key or rate', async () => {
    const x = randomTensor(randomKey('x'), [20, 30]);
    const ys = [
      dropout(x, { rate: 0.4, key: randomKey(1, 'step', 5) }),
      dropout(x, { rate: 0.4, key: randomKey(1, 'step', 5) }),
      dropout(x, { rate: 0.4, key: randomKey(1, 'step', 6) }),
      dropout(x, { rate: 0.6, key: randomKey(1, 'step', 5) }),
    ];
    const [first, again, otherKey, otherRate] = await Promise.all(ys.map((y) => y.data()));
    expect(again).toEqual(first);
    const zeros = (values: ArrayLike<number> | undefined) =>
      Array.from(values ?? [], (value) => value === 0);
    expect(zeros(otherKey)).not.toEqual(zeros(first));
    expect(zeros(otherRate)).not.toEqual(zeros(first));
    tf.dispose([x, ys]);
  });

  it('hands the gradient of what stays on, and none to what is taken out', async () => {
    await expectNoLeak(async () => {
      const [x, dy] = [randomTensor(randomKey('x'), [6, 5]), randomTensor(randomKey('dy'), [6, 5])];
      const dx = tf.grad((input: tf.Tensor) => dropout(input, { rate: 0.4, key: randomKey(3) }))(
        x,
        dy,
      );
      const slopes = await dy.data();
      const data = kept(3, 0.4, 30).map((stay, at) => (stay ? (slopes[at] ?? 0) / 0.6 : 0));
      await expectTensorClose(dx, { shape: [6, 5], data });
      tf.dispose([x, dy, dx]);
    });
  });

  it.each([
    ['none', undefined],
    ['one of rate 0', { rate: 0, key: randomKey(1) }],
  ])('gives a tensor of its own with the same numbers: %s', async (_, none) => {
    const x = randomTensor(randomKey('x'), [3, 4]);
    const y = dropout(x, none);
    const data = await x.data();
    x.dispose();
    await expectTensorClose(y, { shape: [3, 4], data }, exact);
    y.dispose();
  });
});

describe('the arguments of dropout', () => {
  it.each([1, -0.1, Number.NaN])('refuse a rate of %d', (rate) => {
    tf.tidy(() => {
      expect(() => dropout(tf.ones([2]), { rate, key: randomKey(1) })).toThrow(
        new RangeError(`dropout.rate was ${rate}; it must be at least 0 and below 1`),
      );
    });
  });

  it('refuse integers', () => {
    tf.tidy(() => {
      expect(() => dropout(tf.ones([2], 'int32'), undefined)).toThrow(
        new DTypeError('x was int32; it must be float32'),
      );
    });
  });
});
