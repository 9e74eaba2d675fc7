import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import type { SoftmaxAttrs } from './types.ts';

const shapes = [[1], [7], [3, 1], [5, 197], [2, 3, 66], [65_537, 3]];

export const softmaxCases: readonly KernelCase<SoftmaxAttrs>[] = shapes.map((shape) =>
  randomCase({ x: { shape, scale: 4 } }, {}),
);

export const softmaxGradCases: readonly KernelCase<SoftmaxAttrs>[] = shapes.map((shape) =>
  randomCase({ dy: { shape }, y: { shape } }, {}),
);
