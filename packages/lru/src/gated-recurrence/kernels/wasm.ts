import type { BackendKernel } from '@neverend/backend';
import { wasmCall, withPackedWeights } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import { decayOf } from '../../rg-lru-gates/kernels/decay.ts';
import {
  type GatedRecurrenceAttrs,
  type GatedRecurrenceInputs,
  gatedRecurrenceSizes,
} from '../types.ts';

/** Rows of a tile in gated-recurrence.as.ts. */
const tileRows = 4;

export const gatedRecurrenceWasm: BackendKernel<GatedRecurrenceInputs, GatedRecurrenceAttrs> = {
  compute: ({ inputs, attrs: { hasState, hasResets }, backend }) => {
    const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
    const { x, gate, w, b, inputW, inputB, recurrenceW, recurrenceB, aParam } = inputs;
    const sizes = gatedRecurrenceSizes(inputs);
    const { outer, steps, tokens, width, taps, heads } = sizes;
    const size = width / heads;
    const outputs = [output(x.shape), output(sizes.stateShape), output(sizes.convShape)];
    const pack = () => {
      const packed = output([exports.packedGates(size, heads)]);
      const values = [at(packed), at(inputW), at(recurrenceW), size];
      parallelFor('packGates', values, heads, 4 * inputW.size);
      return packed;
    };
    const decay = decayOf(aParam);
    withPackedWeights(backend, [inputW, recurrenceW], 'gates', pack, (packed) => {
      const rows = outer * tokens;
      const tensors = [...outputs, x, gate, w, b, packed, decay, inputB, recurrenceB];
      const before = [inputs.conv, inputs.state].map(at);
      parallelFor(
        'gatedRecurrence',
        [
          ...[...tensors.map(at), ...before, hasResets ? at(inputs.reset) : 0, Number(hasState)],
          ...[rows, steps, tokens, width, taps, size],
        ],
        heads * Math.ceil(rows / tileRows),
        x.size * (20 + size / 8),
        exports.recurrenceScratchBytes(size),
      );
    });
    decay.dispose();
    return outputs;
  },
};
