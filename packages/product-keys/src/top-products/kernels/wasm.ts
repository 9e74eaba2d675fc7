import type { BackendKernel } from '@neverend/backend';
import { wasmCall, withPackedWeights } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import { type TopProductsAttrs, type TopProductsInputs, topProductsSizes } from '../types.ts';

/** Keys of a panel, and queries of a block, in top-products.as.ts. */
const panel = 8;
const blockRows = 32;
/** Multiplications that take as long as one number of a pass through memory. */
const perNumber = 16;

export const topProductsWasm: BackendKernel<TopProductsInputs, TopProductsAttrs> = {
  compute: ({ inputs, attrs: { k, biased }, backend }) => {
    const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
    const { queries, keys, bias } = inputs;
    const { tokens, heads, count, width } = topProductsSizes(inputs);
    const outputs = [output([tokens, heads, k]), output([tokens, heads, k], 'int32')];
    const panels = Math.ceil(count / panel);
    const pack = () => {
      const packed = output([heads, panels, width, panel]);
      const values = [at(packed), at(keys), count, width];
      parallelFor('packKeys', values, heads * panels, 2 * keys.size);
      return packed;
    };
    withPackedWeights(backend, [keys], 'keys', pack, (packed) => {
      const blocks = Math.ceil(tokens / blockRows);
      const from = [...outputs, queries, packed].map(at);
      parallelFor(
        'topProducts',
        [...from, biased ? at(bias) : 0, tokens, heads, width, count, k],
        heads * blocks,
        tokens * heads * count * (1 + width / perNumber),
        exports.topProductsScratchBytes(width, count, k),
      );
    });
    return outputs;
  },
};
