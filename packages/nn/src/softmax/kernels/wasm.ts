import type { BackendKernel } from '@neverend/backend';
import { rowsOf, wasmCall } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';

type None = Record<string, never>;

export const softmaxWasm: BackendKernel<{ readonly x: Tensor }, None> = {
  compute: ({ inputs: { x }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const y = output(x.shape);
    parallelFor('softmax', [at(y), at(x), width], rows, x.size);
    return [y];
  },
};

export const softmaxGradWasm: BackendKernel<{ readonly dy: Tensor; readonly y: Tensor }, None> = {
  compute: ({ inputs: { dy, y }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(y);
    const dx = output(y.shape);
    parallelFor('softmaxGrad', [at(dx), at(dy), at(y), width], rows, y.size);
    return [dx];
  },
};
