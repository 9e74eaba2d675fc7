import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { rowsOf, wasmCall } from '../../../wasm/call.ts';
import { kernelBinaries } from '../../../wasm/kernels.generated.ts';

type None = Record<string, never>;

export const softmaxWasm: NativeVersion<{ readonly x: Tensor }, None> = {
  run: ({ inputs: { x }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const y = output(x.shape);
    run('softmax', [at(y), at(x), width], rows, x.size);
    return [y];
  },
};

export const softmaxGradWasm: NativeVersion<{ readonly dy: Tensor; readonly y: Tensor }, None> = {
  run: ({ inputs: { dy, y }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(y);
    const dx = output(y.shape);
    run('softmaxGrad', [at(dx), at(dy), at(y), width], rows, y.size);
    return [dx];
  },
};
