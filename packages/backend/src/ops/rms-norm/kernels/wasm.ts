import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { groups, rowsOf, wasmCall } from '../../../wasm/call.ts';
import type { RmsNormGradInputs } from '../gradient.ts';

export const rmsNormWasm: NativeVersion<
  { readonly x: Tensor; readonly scale: Tensor },
  { readonly eps: number; readonly offset: number }
> = {
  run: ({ inputs: { x, scale }, attrs: { eps, offset }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const { rows, width } = rowsOf(x);
    const [y, rstd] = [output(x.shape), output([rows])];
    kernels.norm(at(y), 0, at(rstd), at(x), at(scale), 0, offset, eps, width, 0, rows);
    return [y, rstd];
  },
};

export const rmsNormGradWasm: NativeVersion<RmsNormGradInputs, { readonly offset: number }> = {
  run: ({ inputs: { dy, x, scale, rstd }, attrs: { offset }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const { rows, width } = rowsOf(x);
    const [dx, dScale] = [output(x.shape), output([width])];
    kernels.normGrad(at(dx), at(dy), at(x), at(scale), 0, at(rstd), offset, width, 0, rows);
    const from = [at(dy), at(x), 0, at(rstd)] as const;
    kernels.normColumns(at(dScale), 0, ...from, rows, width, 0, groups(width));
    return [dx, dScale];
  },
};
