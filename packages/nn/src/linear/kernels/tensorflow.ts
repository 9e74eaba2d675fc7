import type { BackendKernel } from '@neverend/backend';
import {
  addonKernel,
  heldAddonOutput,
  runAddonOp,
  withPackedWeights,
} from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import { type LinearAddInputs, type LinearAttrs, type LinearInputs, sizesOf } from '../types.ts';

export const linearTensorflow: BackendKernel<LinearInputs, LinearAttrs> = addonKernel(
  owner,
  ({ inputs, attrs, backend }) => run(inputs, attrs, backend),
);

export const linearAddTensorflow: BackendKernel<LinearAddInputs, LinearAttrs> = addonKernel(
  owner,
  ({ inputs, attrs, backend }) => run(inputs, attrs, backend, inputs.residual),
);

function run(
  inputs: LinearInputs,
  { activation }: LinearAttrs,
  backend: tf.KernelBackend,
  residual?: tf.Tensor,
): tf.Tensor[] {
  const { x, kernel, bias } = inputs;
  const axes = BigInt(sizesOf(inputs).axes);
  const attributes = { axes, gelu: activation === 'gelu', adds: residual !== undefined };
  return withPackedKernel(backend, kernel, bias, (packed) =>
    // Where nothing is added, the op looks at no residual.
    runAddonOp('NeverendLinear', [x, packed, bias, residual ?? bias], 1, attributes),
  );
}

/** Why the ops of linear layers cannot run; undefined where they can. */
export const whyWithoutLinearOps = (): string | undefined => linearTensorflow.unavailable?.();

/** Runs on the kernel as the ops want it, for as many columns as `bias` has. */
function withPackedKernel<T>(
  backend: tf.KernelBackend,
  kernel: tf.Tensor,
  bias: tf.Tensor,
  run: (packed: tf.TensorInfo) => T,
): T {
  return withPackedWeights(
    backend,
    [kernel],
    `linear ${bias.size}`,
    () => heldAddonOutput('NeverendPackLinear', [kernel, bias]),
    run,
  );
}

/** Runs with the packed kernel and the bias of each layer, one after the other, as the ops of linear layers take them. */
export function withPackedLayers<T>(
  backend: tf.KernelBackend,
  [first, ...others]: readonly { readonly kernel: tf.Tensor; readonly bias: tf.Tensor }[],
  run: (layers: readonly tf.TensorInfo[]) => T,
): T {
  if (first === undefined) return run([]);
  return withPackedKernel(backend, first.kernel, first.bias, (packed) =>
    withPackedLayers(backend, others, (rest) => run([packed, first.bias, ...rest])),
  );
}
