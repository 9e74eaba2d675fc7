import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp, writable } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { StepAttrs } from '../../steps/types.ts';
import type { RowStepDefinition, RowStepInputs } from '../types.ts';

export function rowStepOnTensorflow<K extends string, N extends string>({
  name,
  slots,
  numbers,
  supports = () => true,
}: RowStepDefinition<K, N>): BackendKernel<RowStepInputs<K>, StepAttrs<N>> {
  const changed = ['weights', ...Object.keys(slots)] as ('weights' | K)[];
  return {
    ...addonKernel<RowStepInputs<K>, StepAttrs<N>>(owner, ({ inputs, attrs, backend }) => {
      const outputs = changed.map((key) => writable(backend, inputs[key]));
      // TensorFlow would keep a kernel for every value of an attribute.
      const settings = tf.tensor1d(numbers.map((number) => attrs[number]));
      runAddonOp(name, [inputs.gradient, inputs.indices, ...outputs, settings], 0);
      settings.dispose();
      return outputs;
    }),
    supports: ({ attrs }) => supports(attrs),
  };
}
