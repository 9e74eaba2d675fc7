import type { BackendKernel } from '@neverend/backend';
import { wasmCall, writable } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { StepAttrs, StepDefinition, StepInputs } from '../types.ts';

/** Numbers of a unit of work, as the kernels have it. */
const block = 1024;

export function stepOnWasm<K extends string, N extends string>({
  slots,
  numbers,
  wasm,
}: StepDefinition<K, N>): BackendKernel<StepInputs<K>, StepAttrs<N>> {
  const changed: readonly ('weight' | K)[] = ['weight', ...slots];
  return {
    compute: ({ inputs, attrs, backend }) => {
      const { parallelFor, at } = wasmCall(backend, kernelBinaries);
      const { size } = inputs.weight;
      const outputs = changed.map((key) => writable(backend, inputs[key]));
      const values = [
        ...outputs.map(at),
        at(inputs.gradient),
        ...numbers.map((name) => attrs[name]),
        size,
      ];
      if (size > 0) parallelFor(wasm, values, Math.ceil(size / block), 2 * size);
      return outputs;
    },
  };
}
