import type { NativeVersion } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../wasm/kernels.generated.ts';
import type { ScanAttrs } from '../cases.ts';
import type { ScanGradInputs, ScanInputs } from '../real.ts';

/** Columns of a unit of work, as the kernels have it. */
const line = 128;

export const scanWasm: NativeVersion<ScanInputs, ScanAttrs> = {
  run: ({ inputs: { a, x, h0 }, attrs: { reverse }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, length, inner, units } = sizesOf(x);
    const y = output(x.shape);
    const values = [at(y), at(a), at(x), at(h0), length, inner, Number(reverse)];
    run('linearScan', values, outer * units, 3 * x.size);
    return [y];
  },
};

export const scanGradWasm: NativeVersion<ScanGradInputs, ScanAttrs> = {
  run: ({ inputs: { dy, a, y, h0 }, attrs: { reverse }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, length, inner, units } = sizesOf(y);
    const outputs = [output(y.shape), output(y.shape), output(h0.shape)];
    const inputs = [dy, a, y, h0];
    const values = [...outputs.map(at), ...inputs.map(at), length, inner, Number(reverse)];
    run('linearScanGrad', values, outer * units, 5 * y.size);
    return outputs;
  },
};

/** The sizes of `[outer, T, inner]`, and how many units of work one of the outer rows has. */
export function sizesOf({ shape }: Tensor): Record<'outer' | 'length' | 'inner' | 'units', number> {
  const [outer, length, inner] = shape as [number, number, number];
  return { outer, length, inner, units: Math.ceil(inner / line) };
}
