import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import type { NormLinearAttrs } from './types.ts';

/** x and the units of each layer: one number, odd sizes, one row, units of two axes, more rows than 65,536, and a deep product. */
const shapes: readonly (readonly [x: readonly number[], units: readonly (readonly number[])[]])[] =
  [
    [[1, 1], [[1]]],
    [
      [2, 3, 7],
      [[5], [2, 3]],
    ],
    [
      [13, 33],
      [[35], [3, 11], [1]],
    ],
    [[1, 67], [[41]]],
    [
      [5, 1024],
      [[17], [17]],
    ],
    [
      [131, 400],
      [[70], [33]],
    ],
    [
      [530, 21],
      [[9], [31], [33]],
    ],
    [[65_537, 2], [[3]]],
  ];

export const normLinearCases: readonly KernelCase<NormLinearAttrs>[] = shapes.flatMap(
  ([x, units]) =>
    (['layer', 'rms'] as const).map((norm) => {
      const width = x.at(-1) ?? 1;
      const layers: Record<string, RandomInput> = {};
      for (const [at, of] of units.entries()) {
        layers[`kernel${at}`] = { shape: [width, ...of], scale: 1 / Math.sqrt(width) };
        layers[`bias${at}`] = { shape: of };
      }
      return randomCase<NormLinearAttrs>(
        {
          x: { shape: x, scale: 2, mean: 1 },
          scale: { shape: [width] },
          shift: { shape: [width] },
          ...layers,
        },
        {
          ...{ norm, eps: 0.1, offset: norm === 'rms' ? 1 : 0 },
          gelus: units.map((_, at) => at % 2),
        },
      );
    }),
);
