import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { groups, rowsOf, wasmCall } from '../../../wasm/call.ts';
import type { LayerNormGradInputs } from '../gradient.ts';

export const layerNormWasm: NativeVersion<
  { readonly x: Tensor; readonly scale: Tensor; readonly bias: Tensor },
  { readonly eps: number }
> = {
  run: ({ inputs: { x, scale, bias }, attrs: { eps }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const { rows, width } = rowsOf(x);
    const [y, mean, rstd] = [output(x.shape), output([rows]), output([rows])];
    const from = [at(x), at(scale), at(bias)] as const;
    kernels.norm(at(y), at(mean), at(rstd), ...from, 0, eps, width, 0, rows);
    return [y, mean, rstd];
  },
};

export const layerNormGradWasm: NativeVersion<LayerNormGradInputs, Record<string, never>> = {
  run: ({ inputs: { dy, x, scale, mean, rstd }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const { rows, width } = rowsOf(x);
    const [dx, dScale, dBias] = [output(x.shape), output([width]), output([width])];
    const statistics = [at(mean), at(rstd)] as const;
    kernels.normGrad(at(dx), at(dy), at(x), at(scale), ...statistics, 0, width, 0, rows);
    kernels.normColumns(
      ...([at(dScale), at(dBias), at(dy), at(x)] as const),
      ...statistics,
      rows,
      width,
      0,
      groups(width),
    );
    return [dx, dScale, dBias];
  },
};
