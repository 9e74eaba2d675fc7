import { defineKernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { gateForwardCases } from './cases.ts';
import { gatesComposite } from './composite.ts';
import { rgLruGatesGrad } from './gradient.ts';
import { gatesTensorflow } from './kernels/tensorflow.ts';
import { gatesWasm } from './kernels/wasm.ts';
import { gatesWebgpu } from './kernels/webgpu.ts';
import type { GateGradInputs, GateInputs, NoAttrs } from './types.ts';

/**
 * From the gates of the real-gated linear recurrent unit (arXiv 2402.19427, equations 3, 4 and 6) to its recurrence:
 *
 *     a = exp(-8 sigmoid(recurrenceGate) softplus(aParam)),  gated = sqrt(1 - a²) sigmoid(inputGate) x,
 *
 * where the step that begins a sequence has a = 0 and 1 in place of the root. The backward pass keeps the inputs and computes
 * the rest again; the slope of the root counts as at most 1000. Shapes are not checked.
 *
 * @returns both `[M, N, E]`, the caller's to dispose.
 */
export function rgLruGates(inputs: GateInputs): { a: tf.Tensor; gated: tf.Tensor } {
  const [a, gated] = gatesKernel.run(inputs, {}) as [tf.Tensor, tf.Tensor];
  return { a, gated };
}

const gatesKernel = defineKernel<GateInputs, NoAttrs>({
  name: 'NeverendRgLruGates',
  composite: gatesComposite,
  gradient: {
    saveInputs: ['x', 'inputGate', 'recurrenceGate', 'aParam', 'reset'],
    backward: ([da, dGated], [x, inputGate, recurrenceGate, aParam, reset], attrs) => {
      const call = { x, inputGate, recurrenceGate, aParam, reset, da, dGated } as GateGradInputs;
      const [dx, dInputGate, dRecurrenceGate, dAParam] = rgLruGatesGrad.run(call, attrs) as Four;
      return {
        x: () => dx,
        inputGate: () => dInputGate,
        recurrenceGate: () => dRecurrenceGate,
        aParam: () => dAParam,
      };
    },
  },
  backendKernels: { wasm: gatesWasm, webgpu: gatesWebgpu, tensorflow: gatesTensorflow },
  code: import.meta.neverendCode,
  cases: gateForwardCases,
  flops: ({ inputs: { x } }) => 18 * x.size,
});

type Four = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
