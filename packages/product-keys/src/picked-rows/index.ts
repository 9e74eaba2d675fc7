import { checkOptions, checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { type PickOrder, type Sequence, sequenceOf } from '../pick-order.ts';
import { anchorOf, collect } from '../row-gradients/collector.ts';
import { tableGrad } from '../table-grad/index.ts';
import { rowProductsCases, weightedRowsCases } from './cases.ts';
import { rowProductsComposite, weightedRowsComposite } from './composite.ts';
import { rowProductsTensorflow, weightedRowsTensorflow } from './kernels/tensorflow.ts';
import { rowProductsWasm, weightedRowsWasm } from './kernels/wasm.ts';
import { rowProductsWebgpu, weightedRowsWebgpu } from './kernels/webgpu.ts';
import type { PickedRowsAttrs, RowProductsInputs, WeightedRowsInputs } from './types.ts';

/** How picked rows are gone through. */
export interface PickedRowsOptions {
  /** An order, or one from `sequenceOf`. Default: `auto`. */
  readonly order?: PickOrder | Sequence | undefined;
}

/**
 * Sums of rows of a table, each with its weight: the values of a product-key memory (Lample et al., 2019, equation 3), an embedding bag. The rows are never in
 * memory together. Gradients reach the weights and the table: within `rowGradients` as rows, elsewhere of the table's whole size.
 *
 * @param table `[N, D]`, float32. @param indices `[..., K]`, int32, each from 0 to N - 1: beyond them the result is undefined.
 * @param weights `[..., K]`, float32. @param options `order`: which picks come first. One and the same order gives the same bits on any number of threads.
 * @returns `[..., D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError | RangeError | TypeError naming the argument.
 */
export function weightedRows(
  table: tf.Tensor,
  indices: tf.Tensor,
  weights: tf.Tensor,
  options: PickedRowsOptions = {},
): tf.Tensor {
  checkOptions('weightedRows', options, ['order']);
  checkTensor('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['...', 'K'], 'int32');
  checkTensor('weights', weights, indices.shape);
  const [outer, picks] = [indices.shape.slice(0, -1), indices.shape.at(-1) ?? 1];
  return tf.tidy(() => {
    const { sequence, sequenced } = sequenceOf(table, indices, options.order);
    const inputs = {
      ...{ table, sequence, anchor: anchorOf(table) },
      indices: tf.reshape(indices, [-1, picks]),
      weights: tf.reshape(weights, [-1, picks]),
    };
    const [y] = weightedRowsKernel.run(inputs, { sequenced });
    return tf.reshape(y as tf.Tensor, [...outer, table.shape[1] ?? 1]);
  });
}

/**
 * Products of rows of a table and a vector: what experts of one neuron make of a token (PEER, arXiv 2407.04153, section 2.2). As for `weightedRows`, rows are never in
 * memory together, and gradients reach x and the table.
 *
 * @param table `[N, D]`, float32. @param indices `[..., K]`, int32, each from 0 to N - 1: beyond them the result is undefined.
 * @param x `[..., D]`, float32. @param options as for `weightedRows`.
 * @returns `[..., K]`, the caller's to dispose.
 * @throws ShapeError | DTypeError | RangeError | TypeError naming the argument.
 */
export function rowProducts(
  table: tf.Tensor,
  indices: tf.Tensor,
  x: tf.Tensor,
  options: PickedRowsOptions = {},
): tf.Tensor {
  checkOptions('rowProducts', options, ['order']);
  checkTensor('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['...', 'K'], 'int32');
  const [outer, picks, width] = [
    indices.shape.slice(0, -1),
    indices.shape.at(-1) ?? 1,
    table.shape[1] ?? 1,
  ];
  checkTensor('x', x, [...outer, width]);
  return tf.tidy(() => {
    const { sequence, sequenced } = sequenceOf(table, indices, options.order);
    const inputs = {
      ...{ table, sequence, anchor: anchorOf(table) },
      indices: tf.reshape(indices, [-1, picks]),
      x: tf.reshape(x, [-1, width]),
    };
    const [products] = rowProductsKernel.run(inputs, { sequenced });
    return tf.reshape(products as tf.Tensor, indices.shape);
  });
}

const flops = ({
  inputs: { table, indices },
}: {
  inputs: Pick<WeightedRowsInputs, 'table' | 'indices'>;
}) => 2 * indices.size * (table.shape[1] ?? 1);

const weightedRowsKernel: Kernel<WeightedRowsInputs, PickedRowsAttrs> = defineKernel<
  WeightedRowsInputs,
  PickedRowsAttrs
>({
  name: 'NeverendWeightedRows',
  composite: ({ inputs }) => [weightedRowsComposite(inputs)],
  gradient: {
    saveInputs: ['table', 'indices', 'weights', 'sequence'],
    backward: ([dy], saved, { sequenced }) => {
      const [table, indices, weights, sequence] = saved as [
        ...[tf.Tensor, tf.Tensor, tf.Tensor],
        tf.Tensor,
      ];
      const x = dy as tf.Tensor;
      const picked = { indices, factors: weights, sources: x };
      return {
        table: () => tableGrad(picked, table.shape[0] ?? 0),
        indices: () => tf.zeros(indices.shape),
        sequence: () => tf.zeros(sequence.shape),
        anchor: () => collect(table, picked),
        weights: () =>
          rowProductsKernel.run(
            { table, indices, x, sequence, anchor: anchorOf(table) },
            { sequenced },
          )[0] as tf.Tensor,
      };
    },
  },
  backendKernels: {
    wasm: weightedRowsWasm,
    webgpu: weightedRowsWebgpu,
    tensorflow: weightedRowsTensorflow,
  },
  code: import.meta.neverendCode,
  cases: weightedRowsCases,
  flops,
});

const rowProductsKernel: Kernel<RowProductsInputs, PickedRowsAttrs> = defineKernel<
  RowProductsInputs,
  PickedRowsAttrs
>({
  name: 'NeverendRowProducts',
  composite: ({ inputs }) => [rowProductsComposite(inputs)],
  gradient: {
    saveInputs: ['table', 'indices', 'x', 'sequence'],
    backward: ([dproducts], saved, { sequenced }) => {
      const [table, indices, x, sequence] = saved as [
        ...[tf.Tensor, tf.Tensor, tf.Tensor],
        tf.Tensor,
      ];
      const weights = dproducts as tf.Tensor;
      const picked = { indices, factors: weights, sources: x };
      return {
        table: () => tableGrad(picked, table.shape[0] ?? 0),
        indices: () => tf.zeros(indices.shape),
        sequence: () => tf.zeros(sequence.shape),
        anchor: () => collect(table, picked),
        x: () =>
          weightedRowsKernel.run(
            { table, indices, weights, sequence, anchor: anchorOf(table) },
            { sequenced },
          )[0] as tf.Tensor,
      };
    },
  },
  backendKernels: {
    wasm: rowProductsWasm,
    webgpu: rowProductsWebgpu,
    tensorflow: rowProductsTensorflow,
  },
  code: import.meta.neverendCode,
  cases: rowProductsCases,
  flops,
});
