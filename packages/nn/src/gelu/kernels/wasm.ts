import type { BackendKernel } from '@neverend/backend';
import { blocksOf, groups, rowsOf, wasmCall } from '@neverend/backend/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';
import type {
  BiasGeluGradInputs,
  BiasGeluInputs,
  GeluAttrs,
  GeluGradInputs,
  GeluInputs,
} from '../types.ts';

/** Numbers that make a row where there is no bias to make one. */
const block = 1024;

export const geluWasm: BackendKernel<GeluInputs, GeluAttrs> = {
  compute: ({ inputs: { x }, attrs: { form }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const y = output(x.shape);
    const rows = Math.ceil(x.size / block);
    parallelFor('gelu', [at(y), at(x), 0, block, x.size, Number(form === 'erf')], rows, x.size);
    return [y];
  },
};

export const biasGeluWasm: BackendKernel<BiasGeluInputs, GeluAttrs> = {
  compute: ({ inputs: { x, bias }, attrs: { form }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const y = output(x.shape);
    parallelFor(
      'gelu',
      [at(y), at(x), at(bias), width, x.size, Number(form === 'erf')],
      rows,
      x.size,
    );
    return [y];
  },
};

export const geluGradWasm: BackendKernel<GeluGradInputs, GeluAttrs> = {
  compute: ({ inputs: { dy, x }, attrs: { form }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const dx = output(x.shape);
    const rows = Math.ceil(x.size / block);
    const from = [at(dx), 0, at(dy), at(x), 0];
    parallelFor('geluGrad', [...from, block, x.size, 1, Number(form === 'erf')], rows, x.size);
    return [dx];
  },
};

export const biasGeluGradWasm: BackendKernel<BiasGeluGradInputs, GeluAttrs> = {
  compute: ({ inputs: { dy, x, bias }, attrs: { form }, backend }): TensorInfo[] => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const { height, blocks } = blocksOf(rows, width);
    const [dx, dBias, sums] = [output(x.shape), output([width]), output([blocks, width])];
    const from = [at(dx), at(sums), at(dy), at(x), at(bias)];
    parallelFor(
      'geluGrad',
      [...from, width, x.size, height, Number(form === 'erf')],
      blocks,
      x.size,
    );
    parallelFor('sumColumns', [at(dBias), at(sums), blocks, width], groups(width), blocks * width);
    backend.disposeData(sums.dataId);
    return [dx, dBias];
  },
};
