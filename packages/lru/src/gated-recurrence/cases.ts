import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { GatedRecurrenceAttrs } from './types.ts';

/** x, the number of heads and that of taps: one number, odd sizes, widths that are no multiple of 4, many rows, many tiles. */
const shapes: readonly (readonly [x: number[], heads: number, taps: number])[] = [
  [[1, 1, 1], 1, 2],
  [[2, 5, 6], 2, 4],
  [[2, 3, 5, 9], 3, 3],
  [[1, 2, 7, 22], 2, 2],
  [[2, 6, 53, 40], 2, 4],
  [[16_400, 4, 2], 1, 4],
];

/** All but `x` and `gate`, whose shape is `shape`. */
export interface RecurrenceExample {
  readonly shape: readonly number[];
  readonly inputs: Readonly<Record<string, RandomInput>>;
  readonly attrs: GatedRecurrenceAttrs;
  readonly more: Readonly<Record<string, () => tf.Tensor>>;
}

export const recurrenceExamples: readonly RecurrenceExample[] = shapes.flatMap(
  ([shape, heads, taps]) =>
    [
      { hasState: false, hasResets: false },
      { hasState: true, hasResets: false },
      { hasState: false, hasResets: true },
      { hasState: true, hasResets: true },
    ].map((attrs) => {
      const [outer = 1, steps = 1, ...rest] = shape;
      const width = rest.at(-1) ?? 1;
      const w = { shape: [heads, width / heads, width / heads], scale: 0.5 };
      const b = { shape: [heads, width / heads] };
      const reset = Float32Array.from({ length: outer * steps }, (_, step) =>
        Number(step % 3 === 1),
      );
      return {
        shape,
        inputs: {
          ...{ w: { shape: [taps, width] }, b: { shape: [width] } },
          ...{ inputW: w, inputB: b, recurrenceW: w, recurrenceB: b },
          aParam: { shape: [width] },
          conv: { shape: [outer, taps - 1, ...rest] },
          state: { shape: [outer, ...rest] },
        },
        attrs,
        more: { reset: () => tf.tensor2d(reset, [outer, steps]) },
      };
    }),
);

export const gatedRecurrenceCases: readonly KernelCase<GatedRecurrenceAttrs>[] =
  recurrenceExamples.map(({ shape, inputs, attrs, more }) =>
    randomCase({ x: { shape }, gate: { shape }, ...inputs }, attrs, more),
  );
