import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp, writable } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { StepAttrs, StepDefinition, StepInputs } from '../types.ts';

export function stepOnTensorflow<K extends string, N extends string>({
  name,
  slots,
  numbers,
}: StepDefinition<K, N>): BackendKernel<StepInputs<K>, StepAttrs<N>> {
  return addonKernel(owner, ({ inputs, attrs, backend }) => {
    const state = slots.map((key) => writable(backend, inputs[key]));
    // TensorFlow would keep a kernel for every value of an attribute.
    const settings = tf.tensor1d(numbers.map((number) => attrs[number]));
    const [weight] = runAddonOp(name, [inputs.weight, inputs.gradient, ...state, settings], 1);
    settings.dispose();
    return [weight as tf.Tensor, ...state];
  });
}
