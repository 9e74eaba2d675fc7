import type { BackendKernel } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { ComplexScanGradInputs, ComplexScanInputs, ScanAttrs } from '../types.ts';
import { strip } from './tuning.ts';
import { scanSizes } from './wasm.ts';

export const complexScanWasm: BackendKernel<ComplexScanInputs, ScanAttrs> = {
  compute: ({ inputs: { aRe, aIm, xRe, xIm, h0Re, h0Im }, attrs: { reverse }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, length, inner, line, units } = scanSizes(xRe);
    const outputs = [output(xRe.shape), output(xRe.shape)];
    const tensors = [...outputs, aRe, aIm, xRe, xIm, h0Re, h0Im];
    const values = [...tensors.map(at), length, inner, line, strip, Number(reverse)];
    parallelFor('complexScan', values, outer * units, 6 * xRe.size);
    return outputs;
  },
};

export const complexScanGradWasm: BackendKernel<ComplexScanGradInputs, ScanAttrs> = {
  compute: ({ inputs: { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im }, attrs, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, length, inner, line, units } = scanSizes(yRe);
    const outputs = [yRe, yRe, yRe, yRe, h0Re, h0Re].map(({ shape }) => output(shape));
    const tensors = [...outputs, dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im];
    const values = [...tensors.map(at), length, inner, line, strip, Number(attrs.reverse)];
    parallelFor('complexScanGrad', values, outer * units, 10 * yRe.size);
    return outputs;
  },
};
