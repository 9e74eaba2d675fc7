import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import { normShapes } from '../layer-norm/cases.ts';
import type { RmsNormAttrs, RmsNormGradAttrs } from './types.ts';

export const rmsNormCases: readonly KernelCase<RmsNormAttrs>[] = normShapes.map((shape) =>
  randomCase({ x: { shape }, scale: { shape: shape.slice(-1) } }, { eps: 1e-6, offset: 1 }),
);

export const rmsNormGradCases: readonly KernelCase<RmsNormGradAttrs>[] = normShapes.map((shape) => {
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  return randomCase(
    {
      dy: { shape },
      x: { shape },
      scale: { shape: shape.slice(-1) },
      rstd: { shape: [rows], scale: 0.1, mean: 1 },
    },
    { offset: 1 },
  );
});
