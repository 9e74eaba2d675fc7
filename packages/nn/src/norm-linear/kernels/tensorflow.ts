import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import { withPackedLayers } from '../../linear/kernels/tensorflow.ts';
import { layersOf, type NormLinearAttrs, type NormLinearInputs } from '../types.ts';

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
    return withPackedLayers(backend, layersOf(inputs, attrs), (layers) =>
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
