import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import type { LinearActivation, LinearAttrs } from './types.ts';

/** x, kernel and bias: one number, odd sizes, one row, several axes on both sides, more rows than 65,536, and a deep product. */
const shapes: readonly (readonly [x: number[], kernel: number[], bias: number[]])[] = [
  [[1, 1], [1, 1], [1]],
  [[7, 5], [5, 3], [3]],
  [[13, 33], [33, 35], [35]],
  [
    [2, 7, 3, 4],
    [3, 4, 2, 9],
    [2, 9],
  ],
  [[2, 3, 1, 6], [1, 6, 5], [5]],
  [[1, 67], [67, 41], [41]],
  [[5, 1024], [1024, 17], [17]],
  [[131, 400], [400, 70], [70]],
  [[65_537, 2], [2, 3], [3]],
];
const activations: readonly LinearActivation[] = ['none', 'gelu'];

function casesWith(
  more: (y: readonly number[]) => Readonly<Record<string, RandomInput>>,
): KernelCase<LinearAttrs>[] {
  return shapes.flatMap(([x, kernel, bias]) => {
    const y = [...x.slice(0, bias.length - kernel.length), ...bias];
    const inputs = { x: { shape: x }, kernel: { shape: kernel }, bias: { shape: bias } };
    return activations.map((activation) => randomCase({ ...inputs, ...more(y) }, { activation }));
  });
}

export const linearCases: readonly KernelCase<LinearAttrs>[] = casesWith(() => ({}));

export const linearAddCases: readonly KernelCase<LinearAttrs>[] = casesWith((y) => ({
  residual: { shape: y },
}));
