import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import type { LayerNormAttrs, LayerNormGradAttrs } from './types.ts';

/** Shapes at which a backend's kernel for a norm over the last axis must agree with the composite. */
export const normShapes: readonly (readonly number[])[] = [
  [5],
  [1, 7],
  [3, 5],
  [2, 3, 66],
  [129, 63],
  [65_537, 3],
];

export const layerNormCases: readonly KernelCase<LayerNormAttrs>[] = normShapes.map((shape) => {
  const row = shape.slice(-1);
  return randomCase(
    { x: { shape }, scale: { shape: row, mean: 1 }, bias: { shape: row } },
    { eps: 1e-6 },
  );
});

export const layerNormGradCases: readonly KernelCase<LayerNormGradAttrs>[] = normShapes.map(
  (shape) => {
    const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    return randomCase(
      {
        dy: { shape },
        x: { shape },
        scale: { shape: shape.slice(-1), mean: 1 },
        mean: { shape: [rows], scale: 0.3 },
        rstd: { shape: [rows], scale: 0.1, mean: 1 },
      },
      {},
    );
  },
);
