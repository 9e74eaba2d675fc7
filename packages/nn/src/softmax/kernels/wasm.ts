import type { BackendKernel } from '@neverend/backend';
import { rowsOf, wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { SoftmaxAttrs, SoftmaxGradInputs, SoftmaxInputs } from '../types.ts';

export const softmaxWasm: BackendKernel<SoftmaxInputs, SoftmaxAttrs> = {
  compute: ({ inputs: { x }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const y = output(x.shape);
    parallelFor('softmax', [at(y), at(x), width], rows, x.size);
    return [y];
  },
};

export const softmaxGradWasm: BackendKernel<SoftmaxGradInputs, SoftmaxAttrs> = {
  compute: ({ inputs: { dy, y }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(y);
    const dx = output(y.shape);
    parallelFor('softmaxGrad', [at(dx), at(dy), at(y), width], rows, y.size);
    return [dx];
  },
};
