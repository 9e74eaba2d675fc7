import { randomKey, randomPermutation } from '@neverend/backend';
import { expectCloseToScale, expectNoLeak, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';

/** An op on a tensor of any size along one axis. */
export interface Op {
  readonly run: (x: tf.Tensor) => tf.Tensor;
  /** The shape of x; the number along `axis` is drawn. */
  readonly shape: readonly number[];
  readonly axis: number;
  readonly tolerance: number;
  readonly numRuns: number;
}

/** What becomes of an op's output where its input is permuted along the axis. */
type Effect = 'permuted' | 'unchanged';

async function expectSame(name: string, actual: tf.Tensor, expected: tf.Tensor, tolerance: number) {
  const { shape } = expected;
  await expectCloseToScale(name, actual, { shape, data: await expected.data() }, tolerance);
}

async function eachInput(
  { shape, axis, numRuns }: Op,
  check: (x: tf.Tensor, count: number, seed: number) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 7 }), fc.nat(), async (count, seed) => {
      await expectNoLeak(async () => {
        const of = shape.map((size, at) => (at === axis ? count : size));
        const x = randomTensor(randomKey(seed, 'x'), of);
        await check(x, count, seed);
        x.dispose();
      });
    }),
    // WebGPU compiles its shaders anew for many of the shapes.
    { numRuns, seed: 1 },
  );
}

/** Holds an op to permute its output as its input is permuted along the axis, or not to see the order there. */
export async function expectOnPermuted(op: Op, effect: Effect): Promise<void> {
  const { run, axis, tolerance } = op;
  await eachInput(op, async (x, count, seed) => {
    const permutation = Int32Array.from(randomPermutation(randomKey(seed, 'order'), count));
    const [actual, expected] = tf.tidy(() => {
      const order = tf.tensor1d(permutation, 'int32');
      const whole = run(x);
      const same = effect === 'permuted' ? tf.gather(whole, order, axis) : whole;
      return [run(tf.gather(x, order, axis)), same];
    }) as [tf.Tensor, tf.Tensor];
    await expectSame('permuted', actual, expected, tolerance);
    tf.dispose([actual, expected]);
  });
}

/** Holds an op to treat every place along the axis by itself: cut anywhere, and permuted, it is the same. */
export async function expectEachAlone(op: Op): Promise<void> {
  const { run, axis, tolerance } = op;
  await eachInput(op, async (x, count, seed) => {
    const cut = 1 + (seed % (count - 1));
    const [parts, whole] = tf.tidy(() => {
      const cutX = tf.split(x, [cut, count - cut], axis);
      return [tf.concat(cutX.map(run), axis), run(x)];
    }) as [tf.Tensor, tf.Tensor];
    await expectSame('parts', parts, whole, tolerance);
    tf.dispose([parts, whole]);
  });
  await expectOnPermuted(op, 'permuted');
}

/** Holds an op without an additive term to map a x + b y to a times what it makes of x and b times what it makes of y. */
export async function expectLinear(op: Op): Promise<void> {
  const { run, tolerance } = op;
  await eachInput(op, async (x, _, seed) => {
    const [actual, expected] = tf.tidy(() => {
      const other = randomTensor(randomKey(seed, 'y'), x.shape);
      const [a, b] = [(seed % 7) - 3, (seed % 5) + 0.5];
      const mix = (u: tf.Tensor, v: tf.Tensor) => tf.add(tf.mul(u, a), tf.mul(v, b));
      return [run(mix(x, other)), mix(run(x), run(other))];
    }) as [tf.Tensor, tf.Tensor];
    await expectSame('mixed', actual, expected, tolerance);
    tf.dispose([actual, expected]);
  });
}
