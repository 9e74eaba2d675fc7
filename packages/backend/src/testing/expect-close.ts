import type * as tf from '@tensorflow/tfjs-core';
import { currentTolerance, type Tolerance } from './tolerance.ts';

/** Numbers with the shape that they must come in. */
export interface ExpectedTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

const exact: Tolerance = { rtol: 0, atol: 0 };

/**
 * Holds numbers against the expected ones, element by element. NaN is close to nothing, and as an expected
 * number it is refused; infinities must be equal.
 *
 * @param tolerance of the current backend where it is left out.
 * @throws Error telling how many numbers are off, and the worst of them.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance = currentTolerance(),
): void {
  if (actual.length !== expected.length) {
    throw new Error(`got ${actual.length} numbers; ${expected.length} were expected`);
  }
  const { rtol, atol } = tolerance;
  let off = 0;
  let worst = -1;
  let worstExcess = 0;
  for (let index = 0; index < expected.length; index++) {
    const a = Number(actual[index]);
    const e = Number(expected[index]);
    if (Number.isNaN(e))
      throw new Error(`expected[${index}] is NaN, which nothing can be close to`);
    const excess = excessOf(a, e, atol + rtol * Math.abs(e));
    if (excess <= 1) continue;
    off++;
    if (excess > worstExcess) {
      worst = index;
      worstExcess = excess;
    }
  }
  if (off === 0) return;
  const difference = Math.abs(Number(actual[worst]) - Number(expected[worst]));
  throw new Error(
    `${off} of ${expected.length} numbers are off; worst at [${worst}]: got ${actual[worst]}, expected ` +
      `${expected[worst]}, difference ${difference} (rtol ${rtol}, atol ${atol})`,
  );
}

/** The difference in units of what is allowed. */
function excessOf(actual: number, expected: number, allowed: number): number {
  if (actual === expected) return 0;
  const excess = Math.abs(actual - expected) / allowed;
  // It is NaN for Infinity / Infinity, and for a NaN among the actual numbers.
  return Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
}

/**
 * Reads a tensor and holds it against the expected numbers in row-major order, and against their shape
 * where one is given. The tensor stays the caller's.
 *
 * @param tolerance of the current backend where it is left out; int32 and bool tensors must then be equal.
 * @throws Error telling what differs.
 */
export async function expectTensorClose(
  tensor: tf.Tensor,
  expected: ArrayLike<number> | ExpectedTensor,
  tolerance: Tolerance = tensor.dtype === 'float32' ? currentTolerance() : exact,
): Promise<void> {
  const withShape = 'shape' in expected;
  if (withShape && String(expected.shape) !== String(tensor.shape)) {
    throw new Error(`got a tensor of shape [${tensor.shape}]; [${expected.shape}] was expected`);
  }
  // A synchronous read fails on WebGPU in Node.
  expectClose(await tensor.data(), withShape ? expected.data : expected, tolerance);
}

/**
 * `expectTensorClose` with a tolerance in parts of the largest expected number: what float32 leaves of sums whose terms are
 * larger than they are.
 *
 * @param name of the tensor, for the error. @throws Error telling what differs.
 */
export async function expectCloseToScale(
  name: string,
  tensor: tf.Tensor,
  expected: ExpectedTensor,
  tolerance: number,
): Promise<void> {
  const scale = Array.from(expected.data).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  await expectTensorClose(tensor, expected, { rtol: 0, atol: tolerance * scale }).catch(
    (error: Error) => {
      throw new Error(`${name}: ${error.message}`);
    },
  );
}
