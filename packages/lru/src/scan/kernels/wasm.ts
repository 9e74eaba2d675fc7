import type { BackendKernel } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { ScanAttrs, ScanGradInputs, ScanInputs } from '../types.ts';
import { shortestLine, strip } from './tuning.ts';

export const scanWasm: BackendKernel<ScanInputs, ScanAttrs> = {
  compute: ({ inputs: { a, x, h0 }, attrs: { reverse }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, length, inner, line, units } = scanSizes(x);
    const y = output(x.shape);
    const values = [at(y), at(a), at(x), at(h0), length, inner, line, strip, Number(reverse)];
    parallelFor('linearScan', values, outer * units, 3 * x.size);
    return [y];
  },
};

export const scanGradWasm: BackendKernel<ScanGradInputs, ScanAttrs> = {
  compute: ({ inputs: { dy, a, y, h0 }, attrs: { reverse }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, length, inner, line, units } = scanSizes(y);
    const outputs = [output(y.shape), output(y.shape), output(h0.shape)];
    const inputs = [dy, a, y, h0];
    const values = [
      ...outputs.map(at),
      ...inputs.map(at),
      length,
      inner,
      line,
      strip,
      Number(reverse),
    ];
    parallelFor('linearScanGrad', values, outer * units, 5 * y.size);
    return outputs;
  },
};

/** The sizes of `[outer, T, inner]`, and how many units of work, of `line` columns, one of the outer rows has. */
export function scanSizes({
  shape,
}: Tensor): Record<'outer' | 'length' | 'inner' | 'line' | 'units', number> {
  const [outer, length, inner] = shape as [number, number, number];
  const units = Math.max(1, Math.floor(inner / shortestLine));
  // A line is a whole number of vectors.
  const line = 4 * Math.ceil(inner / units / 4);
  return { outer, length, inner, line, units: Math.ceil(inner / line) };
}
