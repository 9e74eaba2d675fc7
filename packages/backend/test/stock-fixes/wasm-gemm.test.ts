import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey, randomUniform, useBackend } from '../../src/index.ts';
import { stretches } from '../../src/stock-fixes/wasm-gemm.ts';
import { poisonMemory } from '../../src/testing/index.ts';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await useBackend('wasm');
  poisonMemory();
});

interface Case {
  readonly batch: number;
  readonly M: number;
  readonly K: number;
  readonly N: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly shareB: boolean;
}

const numbers = randomUniform(randomKey(1, 'numbers'), 800_000).map((x) => 2 * x - 1);

/** Largest difference from plain loops in float64, as a share of what rounding may add up to in float32. */
function error({ batch, M, K, N, transposeA, transposeB, shareB }: Case): number {
  const a = numbers.subarray(0, batch * M * K);
  const b = numbers.subarray(a.length).subarray(0, (shareB ? 1 : batch) * K * N);
  const product = tf.tidy(() =>
    tf
      .matMul(
        tf.tensor3d(a, transposeA ? [batch, K, M] : [batch, M, K]),
        tf.tensor(b, [...(shareB ? [] : [batch]), ...(transposeB ? [N, K] : [K, N])]),
        transposeA,
        transposeB,
      )
      .dataSync(),
  );
  expect(product.length).toBe(batch * M * N);
  let worst = 0;
  for (let q = 0; q < batch; q++) {
    for (let i = 0; i < M; i++) {
      for (let j = 0; j < N; j++) {
        let sum = 0;
        let magnitude = 0;
        for (let k = 0; k < K; k++) {
          const x = a[q * M * K + (transposeA ? k * M + i : i * K + k)] ?? NaN;
          const y = b[(shareB ? 0 : q * K * N) + (transposeB ? j * K + k : k * N + j)] ?? NaN;
          sum += x * y;
          magnitude += Math.abs(x * y);
        }
        const difference = Math.abs((product[(q * M + i) * N + j] ?? NaN) - sum);
        // Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1.
        const share = difference / ((K + 1) * 2 ** -24 * magnitude);
        if (!(share <= worst)) worst = share;
      }
    }
  }
  return worst;
}

describe('matMul on wasm', () => {
  it('is that of plain loops, at every size around those of its blocks', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(1, 3, 4, 5, 7, 8, 9, 127, 128, 129, 131),
    );
    fc.assert(
      fc.property(
        fc.record({
          batch: fc.integer({ min: 1, max: 3 }),
          M: size,
          K: fc.oneof(size, fc.constantFrom(255, 256, 257, 513)),
          N: size,
          transposeA: fc.boolean(),
          transposeB: fc.boolean(),
          shareB: fc.boolean(),
        }),
        (product) => {
          expect(error(product)).toBeLessThan(1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each([
    { M: 3, K: 5, N: 1023 },
    { M: 5, K: 3, N: 1024 },
    { M: 2, K: 258, N: 1033 },
    { M: 1, K: 300, N: 2049 },
    { M: 2049, K: 300, N: 1 },
  ])('is that of plain loops for $M x $K x $N', (size) => {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        expect(error({ batch: 1, ...size, transposeA, transposeB, shareB: false })).toBeLessThan(1);
      }
    }
  });

  it.each([
    { a: [0, 3], b: [3, 2], shape: [0, 2] },
    { a: [2, 3], b: [3, 0], shape: [2, 0] },
    { a: [2, 0], b: [0, 3], shape: [2, 3] },
    { a: [0, 2, 3], b: [0, 3, 2], shape: [0, 2, 2] },
  ])('$a times $b is $shape of zeros', ({ a, b, shape }) => {
    const product = tf.matMul(tf.ones(a), tf.ones(b));
    expect(product.shape).toEqual(shape);
    expect([...product.dataSync()]).toEqual(new Array(tf.util.sizeFromShape(shape)).fill(0));
  });

  it('shows a NaN and an infinity in the rows and columns that they are in, and in no other', () => {
    const a = tf.tensor2d([Number.NaN, 1, 1, 1, 1, 1], [3, 2]);
    const b = tf.tensor2d([1, Number.POSITIVE_INFINITY, 1, 1, 1, 1], [2, 3]);
    const product = [...tf.matMul(a, b).dataSync()];
    expect(product.map(String)).toEqual([
      'NaN',
      'NaN',
      'NaN',
      '2',
      'Infinity',
      '2',
      '2',
      'Infinity',
      '2',
    ]);
  });

  it('tells which inner dimensions differ', () => {
    expect(() =>
      tf.engine().runKernel('BatchMatMul', { a: tf.ones([2, 3]), b: tf.ones([4, 2]) }, {}),
    ).toThrow('the inner dimensions of a [2,3] and b [4,2] must be equal, and were 3 and 4');
  });
});

it('stretches cover a broadcast batch in order, each matrix where it lies', () => {
  const dimension = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ size: dimension, a: fc.boolean(), b: fc.boolean() }), { maxLength: 4 }),
      fc.nat(4),
      (axes, drop) => {
        const aBatch = axes.map(({ size, a }) => (a ? size : 1)).slice(drop);
        const bBatch = axes.map(({ size, b }) => (b ? size : 1));
        const batch = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
        const walked = stretches(batch, aBatch, bBatch).flatMap(
          ({ a, b, c, aStep, bStep, length }) =>
            Array.from({ length }, (_, i) => [a + i * aStep, b + i * bStep, c + i]),
        );
        const index = (shape: number[], place: number[]) =>
          shape.reduce((sum, size, axis) => {
            const at = place[axis + place.length - shape.length] ?? 0;
            return sum * size + (size === 1 ? 0 : at);
          }, 0);
        const total = tf.util.sizeFromShape(batch);
        const expected = Array.from({ length: total }, (_, c) => {
          const place: number[] = [];
          let rest = c;
          for (const size of [...batch].reverse()) {
            place.unshift(rest % size);
            rest = Math.floor(rest / size);
          }
          return [index(aBatch, place), index(bBatch, place), c];
        });
        expect(walked).toEqual(expected);
      },
    ),
  );
});
