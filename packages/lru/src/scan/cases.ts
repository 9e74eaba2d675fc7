import { type KernelCase, randomKey, randomNormal } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { ScanAttrs } from './types.ts';

/**
 * Shapes `[outer, T, inner]` that a kernel for the scan must agree with its composite on. No lone number: a difference of two products
 * may leave it no digits, where one of them is not rounded.
 */
const shapes: readonly (readonly [number, number, number])[] = [
  [1, 1, 3],
  [3, 1, 5],
  [2, 7, 1],
  [1, 33, 6],
  [3, 13, 6],
  [5, 16, 35],
  [3, 4, 1037],
  [1, 2, 16_405],
  [65_537, 3, 2],
];

/**
 * Calls with inputs of these names, `[outer, T, inner]` or, where the name begins with h0, `[outer, inner]`. What begins
 * with a is in (0, 0.7), so that complex numbers of two such parts stay within the unit circle. In the last calls the first a is 0, and h0
 * is none.
 */
function scanCases(names: readonly string[]): KernelCase<ScanAttrs>[] {
  const calls = [...shapes.map((shape) => ({ shape, forgets: false })), forgetting];
  return calls.flatMap(({ shape, forgets }) =>
    [false, true].map((reverse) => {
      const attrs = { reverse };
      const first = reverse ? shape[1] - 1 : 0;
      const make = () => ({
        inputs: Object.fromEntries(
          names.map((name) => [name, inputOf(name, shape, forgets ? first : undefined)]),
        ),
        attrs,
      });
      const [outer, length, inner] = shape;
      return Object.assign(make, { size: names.length * outer * length * inner, attrs });
    }),
  );
}

const forgetting = { shape: [3, 13, 6], forgets: true } as const;

function inputOf(
  name: string,
  [outer, length, inner]: readonly [number, number, number],
  forgetsAt: number | undefined,
): tf.Tensor {
  const shape = name.startsWith('h0') ? [outer, inner] : [outer, length, inner];
  const size = shape.reduce((product, n) => product * n, 1);
  const values = randomNormal(randomKey('scan', name, size), size);
  if (name.startsWith('h0'))
    return tf.tensor(forgetsAt === undefined ? values : values.fill(Number.NaN), shape);
  const gates = values.map((value, index) =>
    Math.floor(index / inner) % length === forgetsAt ? 0 : 0.7 / (1 + Math.exp(-2 - value)),
  );
  return tf.tensor(name.startsWith('a') ? gates : values, shape, 'float32');
}

const parts = (...names: string[]) => names.flatMap((name) => [`${name}Re`, `${name}Im`]);

export const realScanCases: readonly KernelCase<ScanAttrs>[] = scanCases(['a', 'x', 'h0']);

export const realScanGradCases: readonly KernelCase<ScanAttrs>[] = scanCases([
  'dy',
  'a',
  'y',
  'h0',
]);

export const complexScanCases: readonly KernelCase<ScanAttrs>[] = scanCases(parts('a', 'x', 'h0'));

export const complexScanGradCases: readonly KernelCase<ScanAttrs>[] = scanCases(
  parts('dy', 'a', 'y', 'h0'),
);
