import { checkTensor, ShapeError } from '@neverend/backend';
import { checkedParam, type Params, paramLabel } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/** `w` and `b` of a linear layer out of H blocks, `[H, D/H, E/H]` and `[H, E/H]`. */
export interface Blocks {
  readonly w: tf.Tensor;
  readonly b: tf.Tensor;
}

/**
 * The parameters of both gates, checked against the width of the input.
 *
 * @throws ShapeError when the number of blocks, the first axis of `input_gate/w`, does not divide the width.
 */
export function gateBlocks(
  params: Params,
  width: number,
  outputWidth: number,
): { readonly inputGate: Blocks; readonly recurrenceGate: Blocks } {
  const name = paramLabel(params, 'input_gate/w');
  const first = params['input_gate/w'];
  if (first !== undefined) checkTensor(name, first, ['H', 'D/H', 'E/H']);
  const heads = first?.shape[0] ?? 1;
  if (width % heads !== 0 || outputWidth % heads !== 0) {
    throw new ShapeError(`${name} had ${heads} blocks; their number must divide ${outputWidth}`);
  }
  const blocks = (gate: string): Blocks => ({
    w: checkedParam(params, `${gate}/w`, [heads, width / heads, outputWidth / heads]),
    b: checkedParam(params, `${gate}/b`, [heads, outputWidth / heads]),
  });
  return { inputGate: blocks('input_gate'), recurrenceGate: blocks('a_gate') };
}

/**
 * Several block-diagonal linear layers of one input in one batched product: y[h] = x[h] w[h] + b[h] for each block h of
 * the last axis. On each side one transpose that moves whole vectors.
 *
 * @param x `[M, D]`. @returns `[M, E]` for each layer.
 */
export function blockDiagonal(x: tf.Tensor, layers: readonly Blocks[]): tf.Tensor[] {
  const [heads, size] = (layers[0] as Blocks).w.shape as [number, number];
  const blocks = tf.transpose(tf.reshape(x, [-1, heads, size]), [1, 0, 2]);
  const w = tf.concat(
    layers.map((layer) => layer.w),
    2,
  );
  const b = tf.concat(
    layers.map((layer) => layer.b),
    1,
  );
  const y = tf.add(tf.matMul(blocks, w), tf.expandDims(b, 1));
  return tf
    .split(y, layers.length, 2)
    .map((part) => tf.reshape(tf.transpose(part, [1, 0, 2]), [x.shape[0] ?? 1, -1]));
}
