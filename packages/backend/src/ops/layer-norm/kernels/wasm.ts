import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { groups, rowsOf, wasmCall } from '../../../wasm/call.ts';
import { kernelBinaries } from '../../../wasm/kernels.generated.ts';
import type { LayerNormGradInputs } from '../gradient.ts';

export const layerNormWasm: NativeVersion<
  { readonly x: Tensor; readonly scale: Tensor; readonly bias: Tensor },
  { readonly eps: number }
> = {
  run: ({ inputs: { x, scale, bias }, attrs: { eps }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const [y, mean, rstd] = [output(x.shape), output([rows]), output([rows])];
    const to = [at(y), at(mean), at(rstd)];
    run('norm', [...to, at(x), at(scale), at(bias), 0, eps, width], rows, x.size);
    return [y, mean, rstd];
  },
};

export const layerNormGradWasm: NativeVersion<LayerNormGradInputs, Record<string, never>> = {
  run: ({ inputs: { dy, x, scale, mean, rstd }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const [dx, dScale, dBias] = [output(x.shape), output([width]), output([width])];
    const statistics = [at(mean), at(rstd)];
    const rowValues = [at(dx), at(dy), at(x), at(scale), ...statistics, 0, width];
    run('normGrad', rowValues, rows, x.size);
    const columnValues = [at(dScale), at(dBias), at(dy), at(x), ...statistics, rows, width];
    run('normColumns', columnValues, groups(width), x.size);
    return [dx, dScale, dBias];
  },
};
