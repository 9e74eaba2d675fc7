import type { BackendKernel } from '@neverend/backend';
import { blocksOf, groups, wasmCall } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { ConvAttrs, ConvGradInputs, ConvInputs } from '../types.ts';
import { convSizes, partsOf } from './sizes.ts';

export const temporalConvWasm: BackendKernel<ConvInputs, ConvAttrs> = {
  compute: ({ inputs: { x, w, b, reset }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, steps, tokens, width, taps } = convSizes(x, w, reset);
    const y = output([outer, steps, tokens, width]);
    const values = [...[y, x, w, b, reset].map(at), steps, tokens, width, taps];
    parallelFor('temporalConv', values, outer * steps * tokens, 2 * x.size);
    return [y];
  },
};

export const temporalConvGradWasm: BackendKernel<ConvGradInputs, ConvAttrs> = {
  compute: ({ inputs: { dy, x, w, reset }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { outer, steps, tokens, width, taps } = convSizes(x, w, reset);
    const rows = outer * (steps + taps - 1) * tokens;
    const { height, blocks } = blocksOf(rows, width);
    const columns = (taps + 1) * width;
    const [sums, total] = [output([blocks, columns]), output([taps + 1, width])];
    const dx = output(x.shape);
    const values = [dx, sums, dy, x, w, reset].map(at);
    const sizes = [steps, tokens, width, taps, rows, height];
    parallelFor('temporalConvGrad', [...values, ...sizes], blocks, 4 * x.size);
    parallelFor(
      'sumColumns',
      [at(total), at(sums), blocks, columns],
      groups(columns),
      blocks * columns,
    );
    backend.disposeData(sums.dataId);
    return [dx, ...partsOf(tf.engine().makeTensorFromTensorInfo(total))];
  },
};
