import type { NativeVersion } from '@neverend/backend';
import { editedInPlace, isOnlyHolder, wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../wasm/kernels.generated.ts';
import type { StepAttrs, StepDefinition, StepInputs } from './define-step.ts';

/** Numbers of a unit of work, as the kernels have it. */
const block = 1024;

export function stepOnWasm<K extends string, N extends string>({
  slots,
  numbers,
  wasm,
}: StepDefinition<K, N>): NativeVersion<StepInputs<K>, StepAttrs<N>> {
  return {
    run: ({ inputs, attrs, backend }) => {
      const { run, at, output } = wasmCall(backend, kernelBinaries);
      const { weight, gradient } = inputs;
      const { size } = weight;
      const state = slots.map((key) => inputs[key]);
      const changed = [weight, ...state].map((tensor) => ({
        tensor,
        output: isOnlyHolder(backend, tensor) ? undefined : output(tensor.shape),
      }));
      const values = [
        ...changed.map(({ tensor, output }) => at(output ?? tensor)),
        ...[weight, gradient, ...state].map(at),
        ...numbers.map((name) => attrs[name]),
        size,
      ];
      if (size > 0) run(wasm, values, Math.ceil(size / block), 2 * size);
      return changed.map(({ tensor, output }) => output ?? editedInPlace(backend, tensor));
    },
  };
}
