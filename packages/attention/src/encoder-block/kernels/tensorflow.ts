import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp, withHeldBytes } from '@neverend/backend/kernels';
import { whyWithoutLinearOps, withPackedLayers } from '@neverend/nn';
import owner from '../../../package.json' with { type: 'json' };
import { unmasked } from '../../scaled-dot-product-attention/kernels/tensorflow.ts';
import { blockNames, type EncoderBlockAttrs, type EncoderBlockInputs } from '../types.ts';

/** The block as one op, which runs those of its parts. */
export const encoderBlockTensorflow: BackendKernel<EncoderBlockInputs, EncoderBlockAttrs> =
  addonKernel(
    owner,
    ({ inputs, attrs, backend }) => {
      const { norms, into, out, mlp } = blockNames;
      const of = (name: string) => inputs[name as 'x'];
      const { x } = inputs;
      const linear = [...into, out, ...mlp].map((name) => ({
        kernel: of(`${name}/kernel`),
        bias: of(`${name}/bias`),
      }));
      return withPackedLayers(backend, linear, (layers) => {
        const scales = norms.flatMap((name) => [of(`${name}/scale`), of(`${name}/bias`)]);
        // Queries, keys and values while attention runs, or what the MLP takes and its hidden layer, beside the output.
        const hidden = (x.size / (x.shape.at(-1) ?? 1)) * of(`${mlp[0]}/bias`).size;
        return withHeldBytes(4 * Math.max(3 * x.size, x.size + hidden), () =>
          runAddonOp(
            'NeverendEncoderBlock',
            [x, ...scales, ...layers, ...unmasked(x, attrs.heads)],
            1,
            { epsilon: attrs.eps },
          ),
        );
      });
    },
    whyWithoutLinearOps,
  );
