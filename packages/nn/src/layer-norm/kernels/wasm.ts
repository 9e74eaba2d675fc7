import type { BackendKernel } from '@neverend/backend';
import { blocksOf, groups, rowsOf, wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type {
  LayerNormAttrs,
  LayerNormGradAttrs,
  LayerNormGradInputs,
  LayerNormInputs,
} from '../types.ts';

export const layerNormWasm: BackendKernel<LayerNormInputs, LayerNormAttrs> = {
  compute: ({ inputs: { x, scale, bias }, attrs: { eps }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const [y, mean, rstd] = [output(x.shape), output([rows]), output([rows])];
    const to = [at(y), at(mean), at(rstd)];
    parallelFor('norm', [...to, at(x), at(scale), at(bias), 0, eps, width], rows, x.size);
    return [y, mean, rstd];
  },
};

export const layerNormGradWasm: BackendKernel<LayerNormGradInputs, LayerNormGradAttrs> = {
  compute: ({ inputs: { dy, x, scale, mean, rstd }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const { height, blocks } = blocksOf(rows, width);
    const [dx, dScale, dBias] = [output(x.shape), output([width]), output([width])];
    const [scaleSums, biasSums] = [output([blocks, width]), output([blocks, width])];
    const to = [at(dx), at(scaleSums), at(biasSums)];
    const from = [at(dy), at(x), at(scale), at(mean), at(rstd), 0];
    parallelFor('normGrad', [...to, ...from, rows, width, height], blocks, x.size);
    parallelFor(
      'sumColumns',
      [at(dScale), at(scaleSums), blocks, width],
      groups(width),
      blocks * width,
    );
    parallelFor(
      'sumColumns',
      [at(dBias), at(biasSums), blocks, width],
      groups(width),
      blocks * width,
    );
    backend.disposeData(scaleSums.dataId);
    backend.disposeData(biasSums.dataId);
    return [dx, dScale, dBias];
  },
};
