import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { groups, rowsOf, wasmCall } from '../../../wasm/call.ts';
import type { GeluAttrs } from '../form.ts';

/** Numbers that make a row where there is no bias to make one. */
const block = 1024;

export const geluWasm: NativeVersion<{ readonly x: Tensor }, GeluAttrs> = {
  run: ({ inputs: { x }, attrs: { form }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const y = output(x.shape);
    const rows = Math.ceil(x.size / block);
    kernels.gelu(at(y), at(x), 0, block, x.size, form === 'erf', 0, rows);
    return [y];
  },
};

export const biasGeluWasm: NativeVersion<{ readonly x: Tensor; readonly bias: Tensor }, GeluAttrs> =
  {
    run: ({ inputs: { x, bias }, attrs: { form }, backend }) => {
      const { kernels, at, output } = wasmCall(backend);
      const { rows, width } = rowsOf(x);
      const y = output(x.shape);
      kernels.gelu(at(y), at(x), at(bias), width, x.size, form === 'erf', 0, rows);
      return [y];
    },
  };

export const geluGradWasm: NativeVersion<{ readonly dy: Tensor; readonly x: Tensor }, GeluAttrs> = {
  run: ({ inputs: { dy, x }, attrs: { form }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const dx = output(x.shape);
    const rows = Math.ceil(x.size / block);
    kernels.geluGrad(at(dx), at(dy), at(x), 0, block, x.size, form === 'erf', 0, rows);
    return [dx];
  },
};

export const biasGeluGradWasm: NativeVersion<
  { readonly dy: Tensor; readonly x: Tensor; readonly bias: Tensor },
  GeluAttrs
> = {
  run: ({ inputs: { dy, x, bias }, attrs: { form }, backend }): TensorInfo[] => {
    const { kernels, at, output } = wasmCall(backend);
    const { rows, width } = rowsOf(x);
    const [dx, dBias] = [output(x.shape), output([width])];
    kernels.geluGrad(at(dx), at(dy), at(x), at(bias), width, x.size, form === 'erf', 0, rows);
    kernels.sumColumns(at(dBias), at(dx), rows, width, 0, groups(width));
    return [dx, dBias];
  },
};
