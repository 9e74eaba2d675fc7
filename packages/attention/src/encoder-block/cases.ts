import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import { type EncoderBlockAttrs, encoderBlockShapes } from './types.ts';

interface Example {
  readonly x: readonly number[];
  readonly heads: number;
  readonly mlpWidth: number;
}

/** One number, odd sizes, several axes of rows, one token, more tokens than a block of a compiled kernel has, and more rows than 65,536. */
const examples: readonly Example[] = [
  { x: [1, 1, 1], heads: 1, mlpWidth: 1 },
  { x: [2, 3, 7, 6], heads: 2, mlpWidth: 13 },
  { x: [3, 1, 33], heads: 3, mlpWidth: 5 },
  { x: [1, 101, 24], heads: 2, mlpWidth: 70 },
  { x: [65_537, 1, 2], heads: 1, mlpWidth: 3 },
];

export const encoderBlockCases: readonly KernelCase<EncoderBlockAttrs>[] = examples.map(
  ({ x, heads, mlpWidth }) => {
    const inputs: Record<string, RandomInput> = { x: { shape: x, scale: 2, mean: 1 } };
    const shapes = encoderBlockShapes(x.at(-1) ?? 1, heads, mlpWidth);
    for (const [name, shape] of Object.entries(shapes)) {
      inputs[name] = { shape, scale: name.endsWith('kernel') ? 1 / Math.sqrt(x.at(-1) ?? 1) : 1 };
    }
    return randomCase(inputs, { heads, eps: 0.1 });
  },
);
