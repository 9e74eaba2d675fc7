import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp, withHeldOutputs } from '@neverend/backend/kernels';
import { whyWithoutLinearOps, withPackedKernel } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import { unmasked } from '../../scaled-dot-product-attention/kernels/tensorflow.ts';
import { blockNames, type EncoderBlockAttrs, type EncoderBlockInputs } from '../types.ts';

const ofAddon = addonKernel<EncoderBlockInputs, EncoderBlockAttrs>(
  owner,
  ({ inputs, attrs, backend }) => {
    const { norms, into, out, mlp } = blockNames;
    const of = (name: string) => inputs[name as 'x'];
    const { x } = inputs;
    return withAllPacked(backend, inputs, [...into, out, ...mlp], (packed) => {
      const normed = { epsilon: attrs.eps, offset: 0, centred: true };
      const norm = (at: 0 | 1) => [of(`${norms[at]}/scale`), of(`${norms[at]}/bias`)];
      const layer = (name: string) => [packed.get(name) as tf.TensorInfo, of(`${name}/bias`)];
      return withHeldOutputs(backend, ({ make, free }) => {
        const heads = make('NeverendNormLinear3', [x, ...norm(0), ...into.flatMap(layer)], 3, {
          ...{ ...normed, gelus: 0n },
        });
        const [context] = make('NeverendAttention', [...heads, ...unmasked(x, attrs.heads)], 1);
        free(heads);
        const linear = { gelu: false, adds: true };
        const [attended] = make('NeverendLinear', [context, ...layer(out), x], 1, {
          ...{ ...linear, axes: 2n },
        });
        free([context]);
        const [inner] = make('NeverendNormLinear1', [attended, ...norm(1), ...layer(mlp[0])], 1, {
          ...{ ...normed, gelus: 1n },
        });
        const last = [inner, ...layer(mlp[1]), attended];
        return runAddonOp('NeverendLinear', last, 1, { ...linear, axes: 1n });
      });
    });
  },
);

/** The block as five ops. */
export const encoderBlockTensorflow: BackendKernel<EncoderBlockInputs, EncoderBlockAttrs> = {
  ...ofAddon,
  unavailable: () => whyWithoutLinearOps() ?? ofAddon.unavailable?.(),
};

/** Runs with the packed weights of linear layers by their names. */
function withAllPacked<T>(
  backend: tf.KernelBackend,
  inputs: EncoderBlockInputs,
  [first, ...others]: readonly string[],
  run: (packed: ReadonlyMap<string, tf.TensorInfo>) => T,
  packed: Map<string, tf.TensorInfo> = new Map(),
): T {
  if (first === undefined) return run(packed);
  const [kernel, bias] = [inputs[`${first}/kernel`], inputs[`${first}/bias`]];
  return withPackedKernel(backend, kernel as tf.Tensor, bias as tf.Tensor, (info) =>
    withAllPacked(backend, inputs, others, run, packed.set(first, info)),
  );
}
