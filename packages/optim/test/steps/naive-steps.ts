import { type Kernel, randomKey } from '@neverend/backend';
import { expectNoLeak, expectTensorClose, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { adamWStep } from '../../src/steps/adamw.ts';
import { lionStep } from '../../src/steps/lion.ts';
import { momentumStep, sgdStep } from '../../src/steps/sgd.ts';

/** A step with what it makes of one number. */
export interface Step {
  readonly kernel: Kernel<Readonly<Record<string, tf.Tensor>>, Readonly<Record<string, number>>>;
  readonly attrs: Readonly<Record<string, number>>;
  readonly slots: readonly string[];
  /** The new weight and slots of one number, in float64. */
  readonly naive: (weight: number, gradient: number, ...slots: number[]) => number[];
}

export const steps: Readonly<Record<string, Step>> = {
  AdamW: {
    kernel: adamWStep as unknown as Step['kernel'],
    attrs: {
      ...{ keep: 0.9, rate: 0.2, epsilon: 0.1 },
      ...{ beta1: 0.8, beta2: 0.7, share1: 0.2, share2: 0.3 },
    },
    slots: ['m', 'v'],
    naive: (weight, gradient, m = 0, v = 0) => {
      const mean = 0.8 * m + 0.2 * gradient;
      const square = 0.7 * v + 0.3 * gradient ** 2;
      return [0.9 * weight - (0.2 * mean) / (Math.sqrt(square) + 0.1), mean, square];
    },
  },
  Lion: {
    kernel: lionStep as unknown as Step['kernel'],
    attrs: { keep: 0.9, rate: 0.2, beta1: 0.8, beta2: 0.7, share1: 0.2, share2: 0.3 },
    slots: ['m'],
    naive: (weight, gradient, m = 0) => [
      0.9 * weight - 0.2 * Math.sign(0.8 * m + 0.2 * gradient),
      0.7 * m + 0.3 * gradient,
    ],
  },
  SGD: {
    kernel: sgdStep as unknown as Step['kernel'],
    attrs: { keep: 0.9, decay: 0.3, rate: 0.2 },
    slots: [],
    naive: (weight, gradient) => [0.9 * weight - 0.2 * (gradient + 0.3 * weight)],
  },
  'SGD with momentum': {
    kernel: momentumStep as unknown as Step['kernel'],
    attrs: { keep: 0.9, decay: 0.3, momentum: 0.8, gradientRate: 0.2, sumRate: 0.1 },
    slots: ['momentum'],
    naive: (weight, gradient, sum = 0) => {
      const decayed = gradient + 0.3 * weight;
      const next = 0.8 * sum + decayed;
      return [0.9 * weight - (0.2 * decayed + 0.1 * next), next];
    },
  },
};
/** The inputs of a step: slots that are never negative, as a mean of squares is not. */
export function inputsOf({ slots }: Step, shape: readonly number[]): Record<string, tf.Tensor> {
  const make = (name: string) => randomTensor(randomKey('step', name), [...shape]);
  return {
    ...{ weight: make('weight'), gradient: make('gradient') },
    ...Object.fromEntries(slots.map((key) => [key, tf.tidy(() => tf.abs(make(key)))])),
  };
}

/**
 * Holds a step on the current backend against plain loops, without a leak.
 *
 * @param shared whether other tensors hold the data of its inputs, which must not change then.
 * @throws Error telling what differs.
 */
export async function expectLikeLoops(
  step: Step,
  shape: readonly number[],
  shared: boolean,
): Promise<void> {
  await expectNoLeak(async () => {
    const inputs = tf.tidy(() => inputsOf(step, shape));
    // On tensorflow a reshape shares memory that TensorFlow.js knows nothing of; on wasm a clone shares none.
    const share = (x: tf.Tensor) =>
      tf.getBackend() === 'tensorflow' ? tf.clone(x) : tf.reshape(x, [...shape]);
    const others = shared ? Object.values(inputs).map(share) : [];
    const before = await Promise.all(
      Object.values(inputs).map(async (x) => Float64Array.from(await x.data())),
    );
    const outputs = step.kernel.run(inputs, step.attrs);
    try {
      const expected = outputs.map(() => new Float64Array(before[0]?.length ?? 0));
      for (const at of expected[0]?.keys() ?? []) {
        const [weight = 0, gradient = 0, ...slots] = before.map((values) => values[at] ?? 0);
        for (const [index, value] of step.naive(weight, gradient, ...slots).entries()) {
          const numbers = expected[index];
          if (numbers) numbers[at] = value;
        }
      }
      for (const [index, output] of outputs.entries()) {
        await expectTensorClose(output, { shape, data: expected[index] ?? [] });
      }
      for (const [index, other] of others.entries()) {
        await expectTensorClose(other, before[index] ?? [], { rtol: 0, atol: 0 });
      }
    } finally {
      tf.dispose([inputs, outputs, others]);
    }
  });
}
