import type { BackendKernel } from '@neverend/backend';
import { blocksOf, groups, rowsOf, wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { RmsNormAttrs, RmsNormGradAttrs, RmsNormGradInputs, RmsNormInputs } from '../types.ts';

export const rmsNormWasm: BackendKernel<RmsNormInputs, RmsNormAttrs> = {
  compute: ({ inputs: { x, scale }, attrs: { eps, offset }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const [y, rstd] = [output(x.shape), output([rows])];
    parallelFor(
      'norm',
      [at(y), 0, at(rstd), at(x), at(scale), 0, offset, eps, width],
      rows,
      x.size,
    );
    return [y, rstd];
  },
};

export const rmsNormGradWasm: BackendKernel<RmsNormGradInputs, RmsNormGradAttrs> = {
  compute: ({ inputs: { dy, x, scale, rstd }, attrs: { offset }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const { height, blocks } = blocksOf(rows, width);
    const [dx, dScale, sums] = [output(x.shape), output([width]), output([blocks, width])];
    const from = [at(dy), at(x), at(scale), 0, at(rstd), offset];
    parallelFor('normGrad', [at(dx), at(sums), 0, ...from, rows, width, height], blocks, x.size);
    parallelFor('sumColumns', [at(dScale), at(sums), blocks, width], groups(width), blocks * width);
    backend.disposeData(sums.dataId);
    return [dx, dScale];
  },
};
