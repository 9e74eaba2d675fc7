import { DTypeError, randomInt, randomKey, randomNormal, ShapeError } from '@neverend/backend';
import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productKeySearch, productKeyTopK } from '../src/index.ts';
import { makeSearch, type Search, searchAnswer, searchBruteForce } from './search-case.ts';

/** Whole numbers from -3 to 3: products and their sums are exact, and many are equal. */
const whole = (seed: number) => (name: string, count: number) =>
  Array.from(randomInt(randomKey(seed, name, count), count, 7), (value) => value - 3);

await describeBackends('productKeySearch', (backend) => {
  it('is the top k of the sums of all products, and so are its gradients', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });
    const upTo = (max: number) => fc.integer({ min: 1, max });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(sizes, fc.nat(), upTo(3), upTo(3), upTo(9), fc.nat()),
        async ([sizes, pick, tokens, heads, width, seed]) => {
          const k = 1 + (pick % sizes.reduce((product, n) => product * n, 1));
          const of = { tokens, heads, sizes, width, k };
          const data = makeSearch(of, whole(seed));
          expect(await searchAnswer(of, data)).toEqual(searchBruteForce(of, data));
        },
      ),
      { numRuns: backend === 'webgpu' ? 10 : 60 },
    );
  });

  it.each<Search>([
    { tokens: 50, heads: 2, sizes: [130, 67], width: 16, k: 16 },
    { tokens: 5, heads: 1, sizes: [1100], width: 3, k: 16 },
    { tokens: 3, heads: 3, sizes: [1030, 2], width: 33, k: 40 },
  ])('of %o is that, too', async (of) => {
    const data = makeSearch(of, whole(0));
    expect(await searchAnswer(of, data)).toEqual(searchBruteForce(of, data));
  });

  it('finds a key that dominates, wherever it is, and equal keys in their order', async () => {
    const [n, width] = [300, 4];
    for (const at of [0, 31, 63, 64, 255, 299]) {
      const keys = new Float32Array(n * width);
      keys.fill(9, at * width, (at + 1) * width);
      const [q, set] = [tf.ones([1, 1, 1, width]), tf.tensor3d(keys, [1, n, width])];
      const { scores, indices } = productKeySearch(q, [set], 3);
      const others = Array.from({ length: n }, (_, item) => item).filter((item) => item !== at);
      expect([...(await scores.data())]).toEqual([36, 0, 0]);
      expect([...(await indices.data())]).toEqual([at, ...others.slice(0, 2)]);
      tf.dispose([q, set, scores, indices]);
    }
  });

  it('of any numbers is the top k of the products, to within their rounding', async () => {
    const [tokens, heads, n, width, k] = [20, 2, 200, 64, 16];
    const normal = (name: string, shape: number[]) =>
      tf.tensor(randomNormal(randomKey(name), tf.util.sizeFromShape(shape)), shape, 'float32');
    const queries = normal('queries', [tokens, heads, 2, width]);
    const keys = [normal('a', [heads, n, width]), normal('b', [heads, n, width])];
    const found = productKeySearch(queries, keys, k);
    const expected = tf.tidy(() => {
      const products = keys.map((set, at) => {
        const part = tf.transpose(tf.unstack(queries, 2)[at] as tf.Tensor, [1, 0, 2]);
        return tf.transpose(tf.matMul(part, set, false, true), [1, 0, 2]);
      });
      return { ...productKeyTopK(products, k) };
    });
    const [mine, theirs] = [await found.scores.data(), await expected.scores.data()];
    // Sums of 64 products of about 1 each: some 8, with rounding of a few units in the last place.
    for (const [at, score] of mine.entries()) {
      expect(Math.abs(score - (theirs[at] ?? 0))).toBeLessThan(1e-5 * 30);
    }
    const [a, b] = [await found.indices.data(), await expected.indices.data()];
    let same = 0;
    for (const [at, index] of a.entries()) if (index === b[at]) same++;
    expect(same / a.length).toBeGreaterThan(0.99);
    tf.dispose([queries, keys, found.scores, found.indices, expected.scores, expected.indices]);
  });

  it('adds what each key has beside its products, and leaves out what that masks', async () => {
    const low = Number.NEGATIVE_INFINITY;
    const queries = tf.ones([1, 2, 2, 1]);
    const keys = [tf.tensor3d([1, 2, 3, 1, 2, 3], [2, 3, 1]), tf.zeros([2, 2, 1])];
    const bias = [
      tf.tensor2d([
        [0, 0, low],
        [5, 0, 0],
      ]),
      tf.tensor2d([
        [0, 10],
        [low, 1],
      ]),
    ];
    const { scores, indices } = productKeySearch(queries, keys, 2, { bias });
    expect([...(await scores.data())]).toEqual([12, 11, 7, 4]);
    expect([...(await indices.data())]).toEqual([3, 1, 1, 5]);
    const gradients = tf.grads((...own: tf.Tensor[]) =>
      tf.sum(productKeySearch(queries, keys, 2, { bias: own }).scores),
    )(bias);
    expect(await Promise.all(gradients.map(async (one) => [...(await one.data())]))).toEqual([
      [1, 1, 0, 1, 0, 1],
      [0, 2, 0, 2],
    ]);
    tf.dispose([queries, keys, bias, scores, indices, gradients]);
  });

  it('leaks nothing, with gradients and without', async () => {
    const of = { tokens: 3, heads: 2, sizes: [4, 5], width: 3, k: 2 };
    await expectNoLeak(() => searchAnswer(of, makeSearch(of, whole(1))));
  });

  describe.runIf(backend === 'cpu' || backend === 'wasm')('on the host', () => {
    it('refuses queries and keys that are no numbers', () => {
      const keys = [tf.zeros([2, 3, 2])];
      const queries = tf.tensor4d([0, 0, 0, 0, 0, 0, Number.NaN, 1], [2, 2, 1, 2]);
      expect(() => productKeySearch(queries, keys, 1)).toThrow(
        'products of queries and keys had NaN or Infinity in row 3 (head 1 of token 1)',
      );
      tf.dispose([keys, queries]);
    });
  });
});

it('refuses what does not fit, by name', () => {
  const queries = tf.zeros([5, 2, 2, 3]);
  const keys = [tf.zeros([2, 4, 3]), tf.zeros([2, 6, 3])];
  expect(() => productKeySearch(queries, [], 1)).toThrow('keys was empty');
  expect(() => productKeySearch(queries, queries as never, 1)).toThrow('keys was a tensor');
  expect(() => productKeySearch(queries, keys, 1, { bias: queries as never })).toThrow(
    'bias was a tensor',
  );
  expect(() => productKeySearch(queries, keys.slice(1), 1)).toThrow(ShapeError);
  expect(() => productKeySearch(queries, [tf.zeros([2, 4, 5]), ...keys.slice(1)], 1)).toThrow(
    'keys[0]',
  );
  expect(() => productKeySearch(tf.cast(queries, 'int32'), keys, 1)).toThrow(DTypeError);
  expect(() => productKeySearch(queries, keys, 1, { bias: [] })).toThrow('bias had 0 tensors');
  expect(() => productKeySearch(queries, keys, 25)).toThrow(
    'k was 25; it must be at most the 24 items of 4 x 6',
  );
});
