import type { BackendKernel } from '@neverend/backend';
import { wasmCall, writable } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { StepAttrs } from '../../steps/types.ts';
import type { RowStepDefinition, RowStepInputs } from '../types.ts';

export function rowStepOnWasm<K extends string, N extends string>({
  slots,
  numbers,
  supports = () => true,
  wasm,
}: RowStepDefinition<K, N>): BackendKernel<RowStepInputs<K>, StepAttrs<N>> {
  const changed = ['weights', ...Object.keys(slots)] as ('weights' | K)[];
  return {
    supports: ({ attrs }) => supports(attrs),
    compute: ({ inputs, attrs, backend }) => {
      const { parallelFor, at } = wasmCall(backend, kernelBinaries);
      const { gradient, indices, weights } = inputs;
      const outputs = changed.map((key) => writable(backend, inputs[key]));
      const values = [
        ...outputs.map(at),
        ...[at(gradient), at(indices), ...numbers.map((name) => attrs[name])],
        ...(weights.shape as [number, number]),
      ];
      parallelFor(wasm, values, indices.size, 2 * changed.length * gradient.size);
      return outputs;
    },
  };
}
