import { checkOneOf, checkOptions, checkTensor } from '@neverend/backend';
import { gelu } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { sequenceOf } from '../pick-order.ts';
import { type PickedRowsOptions, rowProducts, weightedRows } from '../picked-rows/index.ts';

/** What an expert does to its one number: GELU with the error function, GELU's tanh form, or ReLU. */
export type ExpertActivation = 'gelu' | 'gelu-tanh' | 'relu';

const activations: readonly ExpertActivation[] = ['gelu', 'gelu-tanh', 'relu'];

/** @throws RangeError for another activation. */
export function checkActivation(activation: ExpertActivation): void {
  checkOneOf('activation', activation, activations);
}

/** How experts are applied. */
export interface ExpertsOptions extends PickedRowsOptions {
  /** Default: `gelu`. */
  readonly activation?: ExpertActivation | undefined;
}

/**
 * Sums of experts of one neuron, y = Σ g act(u · x) v over the picked ones (PEER, arXiv 2407.04153, equation 5): a dense layer of as many neurons as there are picks,
 * put together for each token. The picked rows are never in memory together.
 *
 * Gradients reach x, the gates and both tables: within `rowGradients` as rows, elsewhere of the tables' whole size.
 *
 * @param x `[..., D]`, float32. @param indices `[..., K]`, int32, each from 0 to N - 1. @param gates g, `[..., K]`, float32.
 * @param down u, `[N, D]`, float32. @param up v, `[N, E]`, float32.
 * @param options `order`: token by token or row by row, that is, expert by expert.
 * @returns `[..., E]`, the caller's to dispose. @throws ShapeError | DTypeError | RangeError naming the argument.
 */
export function expertsApply(
  x: tf.Tensor,
  indices: tf.Tensor,
  gates: tf.Tensor,
  down: tf.Tensor,
  up: tf.Tensor,
  options: ExpertsOptions = {},
): tf.Tensor {
  checkOptions('expertsApply', options, ['activation', 'order']);
  const { activation = 'gelu' } = options;
  checkTensor('down', down, ['N', 'D']);
  checkTensor('up', up, [down.shape[0] ?? 1, 'E']);
  checkTensor('indices', indices, ['...', 'K'], 'int32');
  checkTensor('gates', gates, indices.shape);
  return tf.tidy(() => {
    const order = sequenceOf(down, indices, options.order);
    const hidden = activate(rowProducts(down, indices, x, { order }), activation);
    return weightedRows(up, indices, tf.mul(hidden, gates), { order });
  });
}

/** @throws RangeError for another activation. */
export function activate(x: tf.Tensor, activation: ExpertActivation): tf.Tensor {
  checkActivation(activation);
  switch (activation) {
    case 'gelu':
      return gelu(x, { form: 'erf' });
    case 'gelu-tanh':
      return gelu(x);
    case 'relu':
      return tf.relu(x);
  }
}
