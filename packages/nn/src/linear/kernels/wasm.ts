import type { BackendKernel } from '@neverend/backend';
import { wasmCall, withPackedWeights } from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';
import { type LinearAddInputs, type LinearAttrs, type LinearInputs, sizesOf } from '../types.ts';

/** Columns of a panel and rows of a tile in linear.as.ts. */
const panel = 8;
const tileRows = 4;
/** Multiplications that take as long as one number of a pass through memory. */
const perNumber = 16;
/** Up to this many rows each thread takes columns of its own, and reads all rows. */
const fewRows = 512;

export const linearWasm: BackendKernel<LinearInputs, LinearAttrs> = {
  compute: ({ inputs, attrs, backend }) => run(inputs, attrs, backend),
};

export const linearAddWasm: BackendKernel<LinearAddInputs, LinearAttrs> = {
  compute: ({ inputs, attrs, backend }) => run(inputs, attrs, backend, inputs.residual),
};

function run(
  inputs: LinearInputs,
  { activation }: LinearAttrs,
  backend: tf.KernelBackend,
  residual?: tf.Tensor,
): tf.TensorInfo[] {
  const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
  const { x, kernel, bias } = inputs;
  const { rows, depth, units, shape } = sizesOf(inputs);
  const y = output(shape);
  const panels = Math.ceil(units / panel);
  const pack = () => {
    const packed = output([panels, depth, panel]);
    parallelFor('packLinear', [at(packed), at(kernel), depth, units], panels, 2 * depth * units);
    return packed;
  };
  withPackedWeights(backend, [kernel], `linear ${units}`, pack, (weights) => {
    const byPanels = rows < fewRows;
    const from = [y, x, weights, bias].map(at);
    parallelFor(
      'linear',
      [
        ...[...from, residual === undefined ? 0 : at(residual), rows, depth, units],
        ...[Number(activation === 'gelu'), Number(byPanels)],
      ],
      byPanels ? panels : Math.ceil(rows / tileRows),
      (rows * depth * units) / perNumber,
      exports.linearScratchBytes(),
    );
  });
  return [y];
}
