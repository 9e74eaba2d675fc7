// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it, vi } from 'vitest';
import { randomInt, randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// As TensorFlow.js registers them, before any backend is started.
const stock = Object.fromEntries(
  ['Slice', 'SplitV', 'Unpack'].map((name) => [name, tf.getKernel(name, 'wasm')]),
);

const dtypes = ['float32', 'int32', 'bool'] as const;

/** Numbers of a tensor of any rank by its indices. */
function partNaive(
  values: ArrayLike<number>,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
): number[] {
  const count = size.reduce((product, n) => product * n, 1);
  return Array.from({ length: count }, (_, place) => {
    let [rest, at, stride] = [place, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += ((begin[axis] ?? 0) + (rest % (size[axis] ?? 1))) * stride;
      rest = Math.floor(rest / (size[axis] ?? 1));
      stride *= shape[axis] ?? 1;
    }
    return values[at] ?? Number.NaN;
  });
}

await describeBackends('parts of a tensor', () => {
  beforeAll(() => poisonMemory());

  it.each([
    ['Slice', (x: tf.Tensor) => [tf.slice(x, [0, 2, 0], [3, 1, 4])]],
    ['SplitV', (x: tf.Tensor) => tf.split(x, [1, 4], 1)],
    ['Unpack', (x: tf.Tensor) => tf.unstack(x, 1)],
  ] as const)(
    'leave the whole in the heap, where the %s of stock copies it out',
    async (name, work) => {
      const x = tf.tensor(
        Float32Array.from({ length: 60 }, (_, index) => index),
        [3, 5, 4],
      );
      const read = vi.spyOn(tf.backend() as unknown as { readSync(): unknown }, 'readSync');
      const parts = () => {
        const made = work(x);
        const reads = read.mock.calls.length;
        read.mockClear();
        return { made, reads };
      };
      const ours = parts();
      expect(ours.reads).toBe(0);
      const theirs = withKernel(stock[name] as tf.KernelConfig, parts);
      expect(theirs.reads).toBe(theirs.made.length);
      read.mockRestore();
      for (const [index, part] of theirs.made.entries()) {
        const { shape } = part;
        await expectTensorClose(ours.made[index] as tf.Tensor, { shape, data: await part.data() });
      }
      tf.dispose([x, ours.made, theirs.made]);
    },
  );

  it('are those of plain loops, of every rank and dtype', async () => {
    const axes = fc.array(
      fc.record({ length: fc.integer({ min: 1, max: 5 }), a: fc.nat(), b: fc.nat() }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(axes, fc.constantFrom(...dtypes), async (drawn, dtype) => {
        const shape = drawn.map(({ length }) => length);
        const begin = drawn.map(({ length, a }) => a % length);
        const size = drawn.map(({ length, b }, axis) => 1 + (b % (length - (begin[axis] ?? 0))));
        const count = shape.reduce((product, n) => product * n, 1);
        const most = dtype === 'bool' ? 2 : 1000;
        const values = Int32Array.from(randomInt(randomKey('x', count), count, most));
        await expectNoLeak(async () => {
          const x = tf.tensor(values, shape, dtype);
          const part = tf.slice(x, begin, size);
          expect(part.shape).toEqual(size);
          expect(part.dtype).toBe(dtype);
          expect([...(await part.data())]).toEqual(partNaive(values, shape, begin, size));
          tf.dispose([x, part]);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('are those of plain loops along any axis that is split or unstacked', async () => {
    const shape = [2, 6, 3];
    const values = Float32Array.from({ length: 36 }, (_, index) => index);
    const x = tf.tensor(values, shape);
    for (const axis of [0, 1, 2, -1]) {
      const at = axis < 0 ? axis + 3 : axis;
      const length = shape[at] ?? 1;
      for (const [index, part] of tf.unstack(x, axis).entries()) {
        const begin = shape.map((_, other) => (other === at ? index : 0));
        const size = shape.map((n, other) => (other === at ? 1 : n));
        const data = partNaive(values, shape, begin, size);
        await expectTensorClose(part, { shape: shape.filter((_, other) => other !== at), data });
        part.dispose();
      }
      let start = 0;
      for (const part of tf.split(x, [1, length - 1], axis)) {
        const begin = shape.map((_, other) => (other === at ? start : 0));
        const size = [...part.shape];
        await expectTensorClose(part, {
          shape: size,
          data: partNaive(values, shape, begin, size),
        });
        start += part.shape[at] ?? 0;
        part.dispose();
      }
    }
    x.dispose();
  });

  it('are right where their memory makes the heap grow', async () => {
    const x = tf.range(0, 8_000_000);
    const parts = Array.from({ length: 12 }, (_, index) => tf.slice(x, [index], [7_000_000]));
    for (const [index, part] of parts.entries()) {
      const ends = await Promise.all(
        [0, 6_999_999].map(async (at) => (await tf.slice(part, [at], [1]).data())[0]),
      );
      expect(ends).toEqual([index, index + 6_999_999]);
    }
    tf.dispose([x, parts]);
  });

  it('leave strings, empty parts and their gradients as they were', async () => {
    const words = tf.tensor1d(['a', 'b', 'c']);
    const part = tf.slice(words, [1], [2]);
    expect(await part.data()).toEqual(['b', 'c']);
    const empty = tf.slice(tf.ones([2, 3]), [0, 1], [2, 0]);
    expect(empty.shape).toEqual([2, 0]);
    expect([...(await empty.data())]).toEqual([]);
    const dx = tf.grad((x: tf.Tensor) => tf.sum(tf.slice(x, [1], [2])))(tf.ones([4]));
    await expectTensorClose(dx, [0, 1, 1, 0]);
    tf.dispose([words, part, empty, dx]);
  });
}, ['wasm']);
