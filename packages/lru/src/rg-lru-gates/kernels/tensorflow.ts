import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { GateGradInputs, GateInputs, NoAttrs } from '../types.ts';
import { aParamGradient, decayOf } from './decay.ts';

export const gatesTensorflow: BackendKernel<GateInputs, NoAttrs> = addonKernel(
  owner,
  ({ inputs: { x, inputGate, recurrenceGate, aParam, reset } }) => {
    const decay = decayOf(aParam);
    const outputs = runAddonOp(
      'NeverendRgLruGates',
      [x, inputGate, recurrenceGate, decay, reset],
      2,
      {},
    );
    decay.dispose();
    return outputs;
  },
);

export const gatesGradTensorflow: BackendKernel<GateGradInputs, NoAttrs> = addonKernel(
  owner,
  ({ inputs: { x, inputGate, recurrenceGate, aParam, reset, da, dGated } }) => {
    const decay = decayOf(aParam);
    const tensors = [x, inputGate, recurrenceGate, decay, reset, da, dGated];
    const outputs = runAddonOp('NeverendRgLruGatesGrad', tensors, 4, {});
    decay.dispose();
    return [...outputs.slice(0, 3), aParamGradient(outputs[3] as tf.Tensor, aParam)];
  },
);
