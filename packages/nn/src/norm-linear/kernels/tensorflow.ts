import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import { withPackedKernel } from '../../linear/kernels/tensorflow.ts';
import {
  type LayerInputs,
  layersOf,
  type NormLinearAttrs,
  type NormLinearInputs,
} from '../types.ts';

/** As many layers as an op of norm-linear.cc takes. */
const mostLayers = 3;

export const normLinearTensorflow: BackendKernel<NormLinearInputs, NormLinearAttrs> = {
  ...addonKernel(owner, ({ inputs, attrs, backend }) => {
    const { x, scale, shift } = inputs;
    const { norm, eps, offset, gelus } = attrs;
    const attributes = {
      ...{ epsilon: eps, offset, centred: norm === 'layer' },
      gelus: BigInt(gelus.reduce((bits, gelu, at) => bits + (gelu << at), 0)),
    };
    return withAllPacked(backend, layersOf(inputs, attrs), (layers) =>
      runAddonOp(
        `NeverendNormLinear${gelus.length}`,
        [x, scale, shift, ...layers],
        gelus.length,
        attributes,
      ),
    );
  }),
  supports: ({ attrs: { gelus } }) => gelus.length <= mostLayers,
};

/** Runs with the packed weights and the bias of each layer, one after the other. */
function withAllPacked<T>(
  backend: tf.KernelBackend,
  [first, ...others]: readonly LayerInputs[],
  run: (layers: readonly tf.TensorInfo[]) => T,
): T {
  if (first === undefined) return run([]);
  return withPackedKernel(backend, first.kernel, first.bias, (packed) =>
    withAllPacked(backend, others, (rest) => run([packed, first.bias, ...rest])),
  );
}
