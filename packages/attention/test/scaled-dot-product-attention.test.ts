import { DTypeError, randomKey, randomUniform, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectCentralDifferences,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  tolerances,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaledDotProductAttention } from '../src/index.ts';
import {
  attentionBackwardNaive,
  attentionNaive,
  type NaiveOptions,
} from '../src/scaled-dot-product-attention/naive.ts';
import {
  attend,
  expectLikeNaive,
  inputsOf,
  maskIndex,
  type Options,
  sizes,
  sizesOf,
} from './attention-case.ts';

await describeBackends('scaledDotProductAttention', (backend) => {
  for (const list of sizes) {
    const size = sizesOf(list);
    it(`has the reference's output and gradients for [${list}]`, async () => {
      await expectLikeNaive(tolerances[backend], size, {}, {});
    });
    const offset = size.keys - size.queries;
    it(`hides the keys after the query, shifted by ${offset}, for [${list}]`, async () => {
      await expectLikeNaive(
        tolerances[backend],
        size,
        { causal: true, causalOffset: offset, scale: 0.7 },
        { added: (_row, _head, i, j) => (j <= i + offset ? 0 : -Infinity), scale: 0.7 },
      );
    });
  }

  const size = sizesOf([2, 6, 9, 3, 4, 5]);
  for (const shape of [[9], [6, 1], [3, 6, 9], [2, 1, 1, 9], [2, 3, 6, 9], [1, 1, 1, 1]]) {
    it(`adds a mask [${shape}] to the scores, and gives its gradient`, async () => {
      const mask = normalInput(randomKey('mask'), shape);
      const added: NaiveOptions['added'] = (...position) =>
        mask.data[maskIndex(shape, position)] ?? 0;
      await expectLikeNaive(tolerances[backend], size, {}, { added }, mask);
    });

    it(`hides what a bool mask [${shape}] says, and gives zeros to who sees nothing`, async () => {
      const count = shape.reduce((product, n) => product * n, 1);
      const seen = [...randomUniform(randomKey('seen', 3), count)].map((u) => u < 0.5);
      const mask = tf.tensor(seen, shape, 'bool');
      const added: NaiveOptions['added'] = (...position) =>
        seen[maskIndex(shape, position)] ? 0 : -Infinity;
      await expectLikeNaive(tolerances[backend], size, { mask }, { added });
      mask.dispose();
    });
  }

  it('takes every byte but 0 of a bool mask for true', async () => {
    const seen = Uint8Array.of(2, 0, 255, 1, 0, 3, 128, 0, 1);
    const mask = tf.tensor1d(seen, 'bool');
    const added: NaiveOptions['added'] = (_row, _head, _i, j) => (seen[j] ? 0 : -Infinity);
    await expectLikeNaive(tolerances[backend], size, { mask }, { added });
    mask.dispose();
  });

  it('hides by -Infinity in a mask, together with causal', async () => {
    const values = [0, -Infinity, 1, 0, 0, 2, 0, -Infinity, 0];
    const mask = tf.tensor1d(values);
    const added: NaiveOptions['added'] = (_row, _head, i, j) =>
      j <= i - 1 ? (values[j] ?? 0) : -Infinity;
    await expectLikeNaive(
      tolerances[backend],
      size,
      { mask, causal: true, causalOffset: -1 },
      { added },
    );
    mask.dispose();
  });

  it.each([1, 2])(
    'hides no finite score without a mask, however small: %d queries',
    async (queries) => {
      const q = tf.fill([1, queries, 1, 1], 1e18);
      const k = tf.tensor4d([-1e18, -2e18, -3e18], [1, 3, 1, 1]);
      const v = tf.tensor4d([2, 3, 4], [1, 3, 1, 1]);
      const y = scaledDotProductAttention(q, k, v);
      await expectTensorClose(y, new Array<number>(queries).fill(2));
      const dv = tf.grad((v: tf.Tensor) => scaledDotProductAttention(q, k, v))(v);
      await expectTensorClose(dv, [queries, 0, 0]);
      tf.dispose([q, k, v, y, dv]);
    },
  );

  for (const rate of [0, 0.25, 0.9]) {
    it(`drops the weights of its key at a rate of ${rate}`, async () => {
      const key = randomKey('dropout', rate);
      const { rows, heads, queries, keys } = size;
      const factors = randomUniform(key, rows * heads * queries * keys).map((u) =>
        u < rate ? 0 : 1 / (1 - rate),
      );
      await expectLikeNaive(tolerances[backend], size, { dropout: { rate, key } }, { factors });
    });
  }

  it('does not see what it hides, and is shift-invariant in the scores', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          rows: fc.integer({ min: 1, max: 3 }),
          queries: fc.integer({ min: 1, max: 9 }),
          keys: fc.integer({ min: 2, max: 9 }),
          heads: fc.integer({ min: 1, max: 3 }),
          depth: fc.integer({ min: 1, max: 9 }),
          valueDepth: fc.integer({ min: 1, max: 9 }),
        }),
        fc.double({ min: -30, max: 30, noNaN: true }),
        fc.nat(),
        async (size, shift, place) => {
          const tensors = toTensors(inputsOf(size));
          const hidden = place % size.keys;
          const seen = Array.from({ length: size.keys }, (_, j) => j !== hidden);
          const [y, again, fewer] = tf.tidy(() => {
            const [k, v] = [tensors['k'] as tf.Tensor, tensors['v'] as tf.Tensor];
            const mask = tf.tensor1d(seen, 'bool');
            const rest = tf.tensor1d(
              Array.from(seen.keys()).filter((j) => j !== hidden),
              'int32',
            );
            const other = tf.mul(tf.cast(tf.logicalNot(mask), 'float32'), 5);
            const changed = tf.add(k, tf.reshape(other, [1, size.keys, 1, 1]));
            const added = tf.add(tf.mul(tf.sub(1, tf.cast(mask, 'float32')), -1e9), shift);
            return [
              attend(tensors, { mask }),
              attend({ ...tensors, k: changed }, { mask: added }),
              attend({ ...tensors, k: tf.gather(k, rest, 1), v: tf.gather(v, rest, 1) }),
            ] as const;
          });
          await expectTensorClose(again, await y.data(), { rtol: 1e-4, atol: 1e-4 });
          await expectTensorClose(fewer, await y.data(), { rtol: 1e-4, atol: 1e-4 });
          tf.dispose([tensors, y, again, fewer]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is right for more sizes than a kernel keeps settings of', async () => {
    for (let keys = 1; keys <= 80; keys++) {
      const [q, k] = [tf.zeros([1, 1, 1, 1]), tf.ones([1, keys, 1, 1])];
      const v = tf.reshape(tf.range(0, keys), [1, keys, 1, 1]);
      const y = scaledDotProductAttention(q, k, v);
      // Equal scores give the mean of 0 to keys - 1.
      expect((await y.data())[0]).toBeCloseTo((keys - 1) / 2, 4);
      tf.dispose([q, k, v, y]);
    }
  });

  it('leaks nothing, also when it throws', async () => {
    const tensors = toTensors(inputsOf(size));
    await expectNoLeak(() => attend(tensors, { causal: true }).dispose());
    const mask = tf.zeros([4]);
    await expect(expectNoLeak(() => attend(tensors, { mask }))).rejects.toThrow(ShapeError);
    tf.dispose([tensors, mask]);
  });
});

describe('the reference of attention', () => {
  it('has the gradients of central differences', () => {
    const size = sizesOf([2, 3, 4, 2, 3, 2]);
    const added: NaiveOptions['added'] = (row, _head, i, j) =>
      j <= i + row ? 0.3 * j : Number.NEGATIVE_INFINITY;
    const factors = randomUniform(randomKey(1), 48);
    expectCentralDifferences(
      inputsOf(size),
      24,
      (arrays) => attentionNaive(arrays as never, size, { added, factors }),
      (arrays, dy) =>
        attentionBackwardNaive(arrays as never, size, dy, { added, factors }) as never,
    );
  });

  it('is the one of a case by hand', () => {
    // Scores ln 3 and 0: shares 3/4 and 1/4.
    const arrays = {
      q: Float64Array.of(Math.log(3)),
      k: Float64Array.of(1, 0),
      v: Float64Array.of(4, 8),
    };
    const y = attentionNaive(arrays, sizesOf([1, 1, 2, 1, 1, 1]));
    expect(y[0]).toBeCloseTo(5, 12);
  });
});

describe('the arguments of scaledDotProductAttention', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const [q, k, v] = [tf.zeros([2, 3, 4, 5]), tf.zeros([2, 6, 4, 5]), tf.zeros([2, 6, 4, 7])];
      const refused = (options: Options) => () => scaledDotProductAttention(q, k, v, options);
      expect(() => scaledDotProductAttention(tf.zeros([3, 4, 5]), k, v)).toThrow(
        new ShapeError('q was [3, 4, 5]; it must be [..., rows, M, H, d]'),
      );
      expect(() => scaledDotProductAttention(q, tf.zeros([2, 6, 4, 6]), v)).toThrow(
        new ShapeError('k was [2, 6, 4, 6]; it must be [2, N, 4, 5]'),
      );
      expect(() => scaledDotProductAttention(q, k, tf.zeros([2, 5, 4, 7]))).toThrow(
        new ShapeError('v was [2, 5, 4, 7]; it must be [2, 6, 4, e]'),
      );
      expect(refused({ mask: tf.zeros([3, 5]) })).toThrow(
        new ShapeError('mask was [3, 5]; it must broadcast to [2, 4, 3, 6]'),
      );
      expect(refused({ mask: tf.zeros([6], 'int32') })).toThrow(
        new DTypeError('mask was int32; it must be bool or float32'),
      );
      expect(refused({ causal: true, causalOffset: 0.5 })).toThrow(
        new RangeError('causalOffset was 0.5; it must be an integer'),
      );
      expect(refused({ dropout: { rate: 1, key: randomKey(1) } })).toThrow(
        new RangeError('dropout.rate was 1; it must be at least 0 and below 1'),
      );
    });
  });
});
