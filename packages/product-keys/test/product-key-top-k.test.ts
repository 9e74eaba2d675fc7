import {
  DTypeError,
  kernelMode,
  randomInt,
  randomKey,
  randomNormal,
  ShapeError,
} from '@neverend/backend';
import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { productKeyTopK } from '../src/index.ts';
import { topKNaive } from '../src/top-pairs/naive.ts';
import { answer, bruteForce, itemsOf, makeSets, rowOf } from './top-k-case.ts';

/** Up to three sets of up to nine items, and how many of all. */
const products = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), fc.nat())
  .map(([sizes, pick]) => ({
    sizes,
    k: 1 + (pick % sizes.reduce((product, n) => product * n, 1)),
  }));

await describeBackends('productKeyTopK', (backend) => {
  const runs = { numRuns: backend === 'webgpu' ? 10 : 60 };

  it('is the top k of all sums in their order, also where many are equal, and so are its gradients', async () => {
    await fc.assert(
      fc.asyncProperty(
        products,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        async ({ sizes, k }, rows, levels, seed) => {
          // Halves from few levels: sums are exact, and most are equal.
          const sets = makeSets(sizes, rows, (set, count) =>
            Array.from(randomInt(randomKey(seed, set), count, levels), (level) => level / 2 - 1),
          );
          const dy = Float32Array.from(randomInt(randomKey(seed, 'dy'), rows * k, 100));
          expect(await answer(sets, rows, k, dy)).toEqual(bruteForce(sets, rows, k, dy));
        },
      ),
      runs,
    );
  });

  it.each([
    { sizes: [1024, 1024], k: 16, rows: 1 },
    { sizes: [300, 7], k: 64, rows: 3 },
    { sizes: [40, 50], k: 100, rows: 2 },
    { sizes: [31, 17, 9], k: 33, rows: 2 },
  ])('of $sizes, $k at a time, has the largest sums of any numbers', async ({ sizes, k, rows }) => {
    const sets = makeSets(sizes, rows, (set, count) => randomNormal(randomKey('set', set), count));
    const { scores, indices } = await answer(sets, rows, k);
    for (let row = 0; row < rows; row++) {
      const own = rowOf(sets, row);
      const expected = topKNaive(own, k);
      const mine = scores.slice(row * k, (row + 1) * k);
      // Where two sums round to one number, another pair of it may come.
      expect(mine).toEqual(expected.map(({ score }) => score));
      const chosen = indices.slice(row * k, (row + 1) * k);
      expect(new Set(chosen).size).toBe(k);
      for (const [at, index] of chosen.entries()) {
        const parts = itemsOf(sets, index).map((item, set) => own[set]?.[item] ?? Number.NaN);
        expect(parts.reduce((sum, part) => Math.fround(sum + part))).toBe(mine[at]);
      }
    }
  });

  it('finds one dominating item in many rows', async () => {
    const rows = 5000;
    const sets = makeSets([70, 33], rows, (set, count) =>
      Float32Array.from({ length: count }, (_, at) =>
        at % (set === 0 ? 70 : 33) === (set === 0 ? 69 : 0) ? 1000 : 0,
      ),
    );
    const { scores, indices } = await answer(sets, rows, 3);
    expect(new Set(scores)).toEqual(new Set([2000, 1000]));
    for (let row = 0; row < rows; row += 499) {
      expect(indices.slice(3 * row, 3 * row + 3)).toEqual([69 * 33, 0, 33]);
    }
  });

  it('takes numbers of items beyond what float32 holds', async () => {
    const sets = makeSets([2047, 1021, 1021], 1, (_, count) => new Float32Array(count).fill(1));
    for (const { scores } of sets) scores[scores.length - 1] = 2;
    const { indices } = await answer(sets, 1, 2);
    expect(indices).toEqual([2047 * 1021 * 1021 - 1, 1021 * 1021 - 1]);
  });

  it('leaves out what -Infinity masks', async () => {
    const low = Number.NEGATIVE_INFINITY;
    const sets = [
      { n: 3, scores: Float32Array.of(low, 1, 2, 5, low, 6) },
      { n: 2, scores: Float32Array.of(10, 20, 30, low) },
    ];
    const { scores, indices } = await answer(sets, 2, 2);
    expect(scores).toEqual([22, 21, 36, 35]);
    expect(indices).toEqual([5, 3, 4, 0]);
  });

  it('has one row for each place of all axes but the last, and leaks nothing', async () => {
    await expectNoLeak(async () => {
      const sets = [tf.zeros([2, 1, 3, 4]), tf.ones([2, 1, 3, 5])];
      const { scores, indices } = productKeyTopK(sets, 6);
      expect([scores.shape, indices.shape]).toEqual([
        [2, 1, 3, 6],
        [2, 1, 3, 6],
      ]);
      await Promise.all([scores, indices].map((tensor) => tensor.data()));
      tf.dispose([sets, scores, indices]);
    });
  });

  describe.runIf(backend === 'cpu' || backend === 'wasm')('on the host', () => {
    it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d, in any set', async (bad) => {
      await expectNoLeak(() => {
        for (const set of [0, 1]) {
          const sets = [tf.zeros([2, 20]), tf.zeros([2, 20])];
          const values = new Float32Array(40);
          values[39] = bad;
          sets[set]?.dispose();
          sets[set] = tf.tensor2d(values, [2, 20]);
          expect(() => productKeyTopK(sets, 2)).toThrow('scores had NaN or Infinity in row 1');
          tf.dispose(sets);
        }
      });
    });

    it('tells sums beyond float32 from scores that are none', () => {
      const sets = [tf.tensor2d([[3e38, 1]]), tf.tensor2d([[3e38, 2]])];
      expect(() => productKeyTopK(sets, 2)).toThrow(
        'scores had NaN or Infinity in row 0, or a sum beyond float32',
      );
      tf.dispose(sets);
    });

    it('refuses rows with fewer sums than k', () => {
      const low = Number.NEGATIVE_INFINITY;
      const sets = [tf.tensor2d([[low, 1]]), tf.tensor2d([[1, 2, low]])];
      expect(() => productKeyTopK(sets, 3)).toThrow(
        'scores had 2 sums that are not -Infinity in row 0; k was 3',
      );
      tf.dispose(sets);
    });
  });

  describe("in TensorFlow.js' debug mode", () => {
    let warn = vi.spyOn(console, 'warn');
    const warned = () => warn.mock.calls.flat().join('\n');
    beforeEach(() => {
      // On WebGPU its own looks at what a tidy has disposed fail, and nobody can catch that.
      const { profiler } = tf.engine() as unknown as {
        profiler: { logKernelProfile(): void };
      };
      vi.spyOn(profiler, 'logKernelProfile').mockImplementation(() => {});
      tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', false);
      warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      tf.env().set('DEBUG', true);
    });
    afterEach(() => {
      tf.env().set('DEBUG', false);
      tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', true);
      vi.restoreAllMocks();
    });
    const message = 'scores had NaN or Infinity in row 1';
    // The mode refuses to upload Infinity itself.
    const make = (large: number) => [
      tf.tensor2d([
        [1, 2],
        [3, large],
      ]),
      tf.tensor2d([
        [0, 0],
        [large, large],
      ]),
    ];

    it('a number that is none is an error where it can be read at once, and else a line', async () => {
      await expectNoLeak(async () => {
        const sets = make(3e38);
        if (backend === 'webgpu') {
          const { scores, indices } = productKeyTopK(sets, 2);
          // What is read is not the caller's, who may be done with it.
          tf.dispose([scores, indices]);
          await vi.waitFor(() => expect(warned()).toContain(`neverend: ${message}`));
        } else expect(() => productKeyTopK(sets, 2)).toThrow(message);
        tf.dispose(sets);
      });
    });

    it('numbers are none', async () => {
      const sets = make(4);
      const { scores, indices } = productKeyTopK(sets, 2);
      expect([...(await scores.data())]).toEqual([2, 2, 8, 8]);
      expect(warned()).not.toContain('scores had');
      tf.dispose([sets, scores, indices]);
    });
  });

  it.runIf(backend === 'tensorflow' || (backend === 'webgpu' && kernelMode() !== 'composite'))(
    'gives Infinity for NaN where nobody looks',
    async () => {
      const sets = [tf.tensor2d([[1, Number.NaN, 3]]), tf.tensor2d([[1, 2]])];
      const { scores, indices } = productKeyTopK(sets, 2);
      expect([...(await scores.data())]).toEqual([Infinity, Infinity]);
      expect([...(await indices.data())]).toEqual([2, 3]);
      tf.dispose([sets, scores, indices]);
    },
  );
});

it('refuses what does not fit, by name', async () => {
  const x = tf.zeros([2, 3]);
  expect(() => productKeyTopK([], 1)).toThrow('scores was empty');
  expect(() => productKeyTopK(x as never, 1)).toThrow(
    'scores was a tensor; it must be a list of tensors, one for each set',
  );
  expect(() => productKeyTopK(undefined as never, 1)).toThrow('scores was undefined');
  expect(() => productKeyTopK([x, undefined as never], 1)).toThrow('scores[1] was undefined');
  expect(() => productKeyTopK([x, tf.zeros([3, 3])], 1)).toThrow(ShapeError);
  expect(() => productKeyTopK([x, tf.zeros([2, 3], 'int32')], 1)).toThrow(DTypeError);
  expect(() => productKeyTopK([x, x], 0)).toThrow('k was 0');
  expect(() => productKeyTopK([x, x], 10)).toThrow(
    'k was 10; it must be at most the 9 items of 3 x 3',
  );
  const wide = tf.zeros([1, 50_000]);
  expect(() => productKeyTopK([wide, wide], 1)).toThrow(
    'sizes [50000, 50000] are 2500000000 items',
  );
});
