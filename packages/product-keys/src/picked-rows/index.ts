import { checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { anchorOf, collect } from '../row-gradients/collector.ts';
import { tableGrad } from '../table-grad/index.ts';
import { rowProductsCases, weightedRowsCases } from './cases.ts';
import { rowProductsComposite, weightedRowsComposite } from './composite.ts';
import { rowProductsTensorflow, weightedRowsTensorflow } from './kernels/tensorflow.ts';
import { rowProductsWasm, weightedRowsWasm } from './kernels/wasm.ts';
import { rowProductsWebgpu, weightedRowsWebgpu } from './kernels/webgpu.ts';
import type { PickedRowsAttrs, RowProductsInputs, WeightedRowsInputs } from './types.ts';

/**
 * Sums of rows of a table, each with its weight: the values of a product-key memory (Lample et al., 2019, equation 3), an embedding bag. The rows are never in
 * memory together. Gradients reach the weights and the table: within `rowGradients` as rows, elsewhere of the table's whole size.
 *
 * @param table `[N, D]`, float32. @param indices `[..., K]`, int32, each from 0 to N - 1: beyond them the result is undefined.
 * @param weights `[..., K]`, float32.
 * @returns `[..., D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function weightedRows(table: tf.Tensor, indices: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  checkTensor('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['...', 'K'], 'int32');
  checkTensor('weights', weights, indices.shape);
  const [outer, picks] = [indices.shape.slice(0, -1), indices.shape.at(-1) ?? 1];
  return tf.tidy(() => {
    const inputs = {
      ...{ table, anchor: anchorOf(table) },
      indices: tf.reshape(indices, [-1, picks]),
      weights: tf.reshape(weights, [-1, picks]),
    };
    const [y] = weightedRowsKernel.run(inputs, {});
    return tf.reshape(y as tf.Tensor, [...outer, table.shape[1] ?? 1]);
  });
}

/**
 * Products of rows of a table and a vector: what experts of one neuron make of a token (PEER, arXiv 2407.04153, section 2.2). As for `weightedRows`, rows are never in
 * memory together, and gradients reach x and the table.
 *
 * @param table `[N, D]`, float32. @param indices `[..., K]`, int32, each from 0 to N - 1: beyond them the result is undefined.
 * @param x `[..., D]`, float32.
 * @returns `[..., K]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function rowProducts(table: tf.Tensor, indices: tf.Tensor, x: tf.Tensor): tf.Tensor {
  checkTensor('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['...', 'K'], 'int32');
  const [outer, picks, width] = [
    indices.shape.slice(0, -1),
    indices.shape.at(-1) ?? 1,
    table.shape[1] ?? 1,
  ];
  checkTensor('x', x, [...outer, width]);
  return tf.tidy(() => {
    const inputs = {
      ...{ table, anchor: anchorOf(table) },
      indices: tf.reshape(indices, [-1, picks]),
      x: tf.reshape(x, [-1, width]),
    };
    const [products] = rowProductsKernel.run(inputs, {});
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
    saveInputs: ['table', 'indices', 'weights'],
    backward: ([dy], saved) => {
      const [table, indices, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const x = dy as tf.Tensor;
      const picked = { indices, factors: weights, sources: x };
      return {
        table: () => tableGrad(picked, table.shape[0] ?? 0),
        indices: () => tf.zeros(indices.shape),
        anchor: () => collect(table, picked),
        weights: () => rowProducts(table, indices, x),
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
    saveInputs: ['table', 'indices', 'x'],
    backward: ([dproducts], saved) => {
      const [table, indices, x] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const weights = dproducts as tf.Tensor;
      const picked = { indices, factors: weights, sources: x };
      return {
        table: () => tableGrad(picked, table.shape[0] ?? 0),
        indices: () => tf.zeros(indices.shape),
        anchor: () => collect(table, picked),
        x: () => weightedRows(table, indices, weights),
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
