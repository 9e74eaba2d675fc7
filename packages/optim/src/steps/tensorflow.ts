import type { NativeVersion } from '@neverend/backend';
import { addonVersion, editedInPlace, isOnlyHolder, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { StepAttrs, StepDefinition, StepInputs } from './define-step.ts';

export function stepOnTensorflow<K extends string, N extends string>({
  name,
  slots,
  numbers,
}: StepDefinition<K, N>): NativeVersion<StepInputs<K>, StepAttrs<N>> {
  return addonVersion(({ inputs, attrs, backend }) => {
    const state = slots.map((key): tf.TensorInfo => {
      const slot = inputs[key];
      return isOnlyHolder(backend, slot) ? editedInPlace(backend, slot) : tf.mul(slot, 1);
    });
    // TensorFlow would keep a kernel for every value of an attribute.
    const settings = tf.tensor1d(numbers.map((number) => attrs[number]));
    const [weight] = runAddonOp(name, [inputs.weight, inputs.gradient, ...state, settings], 1);
    settings.dispose();
    return [weight as tf.Tensor, ...state];
  });
}
