import * as tf from '@tensorflow/tfjs-core';
import type { BackendName } from '../backend-name.ts';

/** How far a number may be from the one expected: `|actual - expected| <= atol + rtol * |expected|`. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/**
 * What float32 can be held to on each backend, for values of order one that come out of sums of at most
 * some thousand terms. One rounding is 2^-24 (6e-8) relative; a sum of n terms in any order may lose
 * n * 6e-8 of its largest partial sum, sqrt(n) * 6e-8 as a rule.
 *
 * - cpu: JavaScript computes in float64 and rounds to float32 only where it stores.
 * - tensorflow, wasm: float32 throughout; libraries (oneDNN, XNNPACK) add in an order of their own.
 * - webgpu: float32 throughout, and WGSL grants its built-in functions errors of many units in the last
 *   place: 3 + 2|x| for exp, 2.5 for division, an absolute 2^-11 for sin and cos (WGSL, section 15.7.4).
 */
export const tolerances: Readonly<Record<BackendName, Tolerance>> = {
  cpu: { rtol: 1e-5, atol: 1e-6 },
  tensorflow: { rtol: 2e-5, atol: 5e-6 },
  wasm: { rtol: 2e-5, atol: 5e-6 },
  webgpu: { rtol: 1e-4, atol: 2e-5 },
};

/**
 * How far float32 numbers may be from those of an official code, itself in float32: parts of the largest number of a tensor.
 */
export const officialTolerances: Readonly<Record<BackendName, number>> = {
  cpu: 1e-5,
  tensorflow: 1e-5,
  wasm: 1e-4,
  webgpu: 1e-4,
};

/** The tolerance of the backend that is current now; the widest one where neverend does not know it. */
export function currentTolerance(): Tolerance {
  const table: Readonly<Record<string, Tolerance | undefined>> = tolerances;
  return table[tf.getBackend()] ?? tolerances.webgpu;
}
