import type { BackendKernel } from '@neverend/backend';
import {
  addonKernel,
  heldAddonOutput,
  runAddonOp,
  withPackedWeights,
} from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import { type TopProductsAttrs, type TopProductsInputs, topProductsSizes } from '../types.ts';

export const topProductsTensorflow: BackendKernel<TopProductsInputs, TopProductsAttrs> =
  addonKernel(owner, ({ inputs, attrs: { k, biased }, backend }) => {
    const { queries, keys, bias } = inputs;
    const count = BigInt(topProductsSizes(inputs).count);
    return withPackedWeights(
      backend,
      [keys],
      'keys',
      () => heldAddonOutput('NeverendPackKeys', [keys]),
      (packed) =>
        runAddonOp('NeverendTopProducts', [queries, packed, bias], 2, {
          k: BigInt(k),
          count,
          biased,
        }),
    );
  });
