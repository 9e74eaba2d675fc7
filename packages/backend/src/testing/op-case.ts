import * as tf from '@tensorflow/tfjs-core';
import { type RandomKey, randomNormal } from '../random.ts';
import { expectTensorClose } from './expect-close.ts';
import { expectNoLeak } from './expect-no-leak.ts';
import type { Tolerance } from './tolerance.ts';

/** Float32 numbers with a shape; the references compute with them in float64. */
export interface Input {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export type Inputs = Readonly<Record<string, Input>>;

/** Normal numbers that float32 holds exactly. */
export function normalInput(key: RandomKey, shape: readonly number[], scale = 1, mean = 0): Input {
  const size = shape.reduce((product, n) => product * n, 1);
  const data = randomNormal(key, size).map((value) => mean + scale * value);
  return { shape, data: Float64Array.from(data) };
}

export const numbers = (inputs: Inputs): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));

export const toTensor = ({ shape, data }: Input): tf.Tensor =>
  tf.tensor(Float32Array.from(data), [...shape]);

export const toTensors = (inputs: Inputs): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, toTensor(input)]));

/** An op with what a reference computed for it. */
export interface OpCase {
  readonly op: (inputs: Record<string, tf.Tensor>) => tf.Tensor;
  readonly inputs: Inputs;
  readonly dy: Input;
  readonly y: ArrayLike<number>;
  /** The gradient of sum(dy · y) by every input. */
  readonly gradients: Readonly<Record<string, ArrayLike<number>>>;
  readonly tolerance: Tolerance;
}

/** Holds an op's output and all gradients on the current backend against the reference's, without a leak. */
export async function expectLikeReference(test: OpCase): Promise<void> {
  await expectNoLeak(async () => {
    const names = Object.keys(test.inputs);
    const tensors = toTensors(test.inputs);
    const dy = toTensor(test.dy);
    const scaledTolerance = scaled(test.tolerance, ...Object.values(test.gradients));
    const y = test.op(tensors);
    const gradients = tf.grads((...args: tf.Tensor[]) =>
      test.op(Object.fromEntries(names.map((name, index) => [name, args[index] as tf.Tensor]))),
    )(Object.values(tensors), dy);
    try {
      await expectTensorClose(
        y,
        { shape: test.dy.shape, data: test.y },
        scaled(test.tolerance, test.y),
      );
      for (const [index, name] of names.entries()) {
        const data = test.gradients[name] ?? [];
        const shape = test.inputs[name]?.shape ?? [];
        await expectTensorClose(
          gradients[index] as tf.Tensor,
          { shape, data },
          scaledTolerance,
        ).catch((error: Error) => {
          throw new Error(`gradient of ${name}: ${error.message}`);
        });
      }
    } finally {
      tf.dispose([tensors, dy, y, gradients]);
    }
  });
}

/**
 * Rounding leaves what cancels in a sum as large as the last digits of its terms, and a gradient that is 0 in
 * exact arithmetic (of the keys' bias) is nothing but that. So the absolute part of the tolerance counts in
 * units of the largest of these numbers, where that is above 1.
 */
function scaled({ rtol, atol }: Tolerance, ...arrays: ArrayLike<number>[]): Tolerance {
  const largest = arrays
    .flatMap((array) => Array.from(array))
    .reduce((max, value) => Math.max(max, Math.abs(value)), 1);
  return { rtol, atol: atol * largest };
}

/** An operation at one shape, held against its reference on the current backend; runs in browsers too. */
export interface NamedCase {
  readonly name: string;
  /** Half a minute for the composite on a GPU played by software, where `expectKernelsAgree` has it. */
  readonly slowOnWebgpu?: boolean;
  /** @throws Error telling what differs. */
  readonly check: () => Promise<void>;
}
