import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { ConvAttrs } from './types.ts';

/** Calls with an x `[outer, K-1 + T, N, E]`, where it is named a dy `[outer, T, N, E]`, weights, and resets or none. */
function convCases(names: readonly string[]): KernelCase<ConvAttrs>[] {
  const shapes = [
    [1, 1, 1, 1, 2],
    [2, 1, 3, 5, 4],
    [1, 7, 1, 6, 4],
    [2, 7, 3, 6, 4],
    [3, 33, 2, 35, 3],
    [65_537, 2, 1, 2, 2],
  ] as const;
  return shapes.flatMap(([outer, steps, tokens, width, taps]) =>
    [false, true].map((hasResets) => {
      const time = (name: string) => (name === 'x' ? taps - 1 + steps : steps);
      const inputs = names.map((name) => [name, { shape: [outer, time(name), tokens, width] }]);
      const bias = names.includes('dy') ? {} : { b: { shape: [width] } };
      const reset = Float32Array.from({ length: outer * steps }, (_, step) =>
        hasResets && step % 5 === 1 ? 1 : 0,
      );
      return randomCase(
        { ...Object.fromEntries(inputs), w: { shape: [taps, width] }, ...bias },
        { hasResets },
        { reset: () => tf.tensor2d(reset, [outer, steps]) },
      );
    }),
  );
}

export const convForwardCases: readonly KernelCase<ConvAttrs>[] = convCases(['x']);

export const convGradCases: readonly KernelCase<ConvAttrs>[] = convCases(['x', 'dy']);
