import * as tf from '@tensorflow/tfjs-core';
import { randomKey, randomNormal } from '../random.ts';
import type { KernelAttrs, KernelCase } from './types.ts';

/** Normal numbers with a mean and a scale, 0 and 1 if not given. */
export interface RandomInput {
  readonly shape: readonly number[];
  readonly scale?: number;
  readonly mean?: number;
}

/**
 * A call for a kernel's `cases` whose inputs are normal numbers, the same each time it is made; those of `more`
 * are made by the functions there.
 */
export function randomCase<A extends KernelAttrs>(
  inputs: Readonly<Record<string, RandomInput>>,
  attrs: A,
  more: Readonly<Record<string, () => tf.Tensor>> = {},
): KernelCase<A> {
  const make = () => {
    const tensors: Record<string, tf.Tensor> = {};
    for (const [name, { shape, scale = 1, mean = 0 }] of Object.entries(inputs)) {
      const size = sizeOf(shape);
      const values = randomNormal(randomKey('case', name, size), size);
      tensors[name] = tf.tensor(
        values.map((value) => mean + scale * value),
        [...shape],
        'float32',
      );
    }
    for (const [name, make] of Object.entries(more)) tensors[name] = make();
    return { inputs: tensors, attrs };
  };
  const size = Object.values(inputs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return Object.assign(make, { size, attrs });
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
