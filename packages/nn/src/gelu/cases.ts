import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import type { GeluAttrs, GeluForm } from './types.ts';

const shapes = [[1], [7], [3, 5], [129, 63], [65_537, 2]];
const forms: readonly GeluForm[] = ['tanh', 'erf'];

/**
 * How far the inputs of a comparison reach. A lone number far out in the tail has few digits in the composite, and no
 * larger one beside it.
 */
const scaleOf = (shape: readonly number[]): number => (shape[0] === 1 ? 1 : 3);

/** Calls with an input `x`, and with `more` by its shape. */
function casesWith(
  more: (shape: readonly number[]) => Readonly<Record<string, RandomInput>>,
): KernelCase<GeluAttrs>[] {
  return shapes.flatMap((shape) =>
    forms.map((form) =>
      randomCase({ ...more(shape), x: { shape, scale: scaleOf(shape) } }, { form }),
    ),
  );
}

export const geluCases: readonly KernelCase<GeluAttrs>[] = casesWith(() => ({}));

export const geluGradCases: readonly KernelCase<GeluAttrs>[] = casesWith((shape) => ({
  dy: { shape },
}));

export const biasGeluCases: readonly KernelCase<GeluAttrs>[] = casesWith((shape) => ({
  bias: { shape: shape.slice(-1) },
}));

export const biasGeluGradCases: readonly KernelCase<GeluAttrs>[] = casesWith((shape) => ({
  dy: { shape },
  bias: { shape: shape.slice(-1) },
}));
