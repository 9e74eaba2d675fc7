import { type Kernel, randomKey } from '@neverend/backend';
import { expectNoLeak, expectTensorClose, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { adamWStep, lionStep, sgdMomentumStep, sgdStep } from '../../src/steps/index.ts';
import { adamWNaive, lionNaive, sgdMomentumNaive, sgdNaive } from '../../src/steps/naive.ts';

type Attrs = Readonly<Record<string, number>>;

/** A step with what it makes of one number. */
export interface Step {
  readonly kernel: Kernel<Readonly<Record<string, tf.Tensor>>, Attrs>;
  readonly attrs: Attrs;
  readonly slots: readonly string[];
  /** The new weight and slots of one number, in float64. */
  readonly naive: (
    attrs: Attrs,
    weight: number,
    gradient: number,
    ...slots: readonly number[]
  ) => readonly number[];
}

const step = (kernel: unknown, naive: unknown, slots: readonly string[], attrs: Attrs): Step => ({
  kernel: kernel as Step['kernel'],
  naive: naive as Step['naive'],
  slots,
  attrs,
});

const means = { beta1: 0.8, beta2: 0.7, oneMinusBeta1: 0.2, oneMinusBeta2: 0.3 };

export const steps: Readonly<Record<string, Step>> = {
  AdamW: step(adamWStep, adamWNaive, ['m', 'v'], {
    ...{ decay: 0.9, stepSize: 0.2, epsilon: 0.1 },
    ...means,
  }),
  Lion: step(lionStep, lionNaive, ['m'], { decay: 0.9, stepSize: 0.2, ...means }),
  SGD: step(sgdStep, sgdNaive, [], { decay: 0.9, l2: 0.3, stepSize: 0.2 }),
  'SGD with momentum': step(sgdMomentumStep, sgdMomentumNaive, ['momentum'], {
    ...{ decay: 0.9, l2: 0.3, momentum: 0.8 },
    ...{ gradientScale: 0.2, momentumScale: 0.1 },
  }),
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
        for (const [index, value] of step.naive(step.attrs, weight, gradient, ...slots).entries()) {
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
