import { runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';

// The ops of the addon, on tensors of the backend tensorflow.

/**
 * GELU of x + bias: x [..., D], bias [D], or null for none. `approximate` takes the form with tanh, else erf.
 */
export function gelu(
  x: tf.TensorInfo,
  bias: tf.TensorInfo | null,
  approximate: boolean,
): tf.Tensor {
  const none = bias === null ? tf.tensor1d([]) : undefined;
  const y = one('NeverendGelu', [x, bias ?? (none as tf.Tensor)], { approximate });
  none?.dispose();
  return y;
}

/** Gradients of `gelu`: dx [..., D], and dbias [D] where there was a bias. */
export function geluGrad(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  bias: tf.TensorInfo | null,
  approximate: boolean,
): { dx: tf.Tensor; dbias: tf.Tensor | null } {
  const none = bias === null ? tf.tensor1d([]) : undefined;
  const inputs = [dy, x, bias ?? (none as tf.Tensor)];
  const [dx, dbias] = runAddonOp('NeverendGeluGrad', inputs, 2, { approximate }) as Tensors;
  none?.dispose();
  if (bias !== null) return { dx, dbias };
  dbias.dispose();
  return { dx, dbias: null };
}

/** Softmax over the last axis. */
export function softmax(x: tf.TensorInfo): tf.Tensor {
  return one('NeverendSoftmax', [x]);
}

/** Gradient of `softmax`, from its result y. */
export function softmaxGrad(dy: tf.TensorInfo, y: tf.TensorInfo): tf.Tensor {
  return one('NeverendSoftmaxGrad', [dy, y]);
}

/** Layer norm over the last axis: x [..., D], gain and offset [D]; mean and rstd are [rows]. */
export function layerNorm(
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  offset: tf.TensorInfo,
  epsilon: number,
): { y: tf.Tensor; mean: tf.Tensor; rstd: tf.Tensor } {
  const [y, mean, rstd] = runAddonOp('NeverendLayerNorm', [x, gain, offset], 3, {
    epsilon,
  }) as Tensors;
  return { y, mean, rstd };
}

/** Gradients of `layerNorm`, from its inputs and the mean and rstd that it gave. */
export function layerNormGrad(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  mean: tf.TensorInfo,
  rstd: tf.TensorInfo,
): { dx: tf.Tensor; dgain: tf.Tensor; doffset: tf.Tensor } {
  const [dx, dgain, doffset] = runAddonOp(
    'NeverendLayerNormGrad',
    [dy, x, gain, mean, rstd],
    3,
  ) as Tensors;
  return { dx, dgain, doffset };
}

/** RMS norm over the last axis: x [..., D], gain [D]; rstd, one over the root mean square, is [rows]. */
export function rmsNorm(
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  epsilon: number,
): { y: tf.Tensor; rstd: tf.Tensor } {
  const [y, rstd] = runAddonOp('NeverendRmsNorm', [x, gain], 2, { epsilon }) as Tensors;
  return { y, rstd };
}

/** Gradients of `rmsNorm`, from its inputs and the rstd that it gave. */
export function rmsNormGrad(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  gain: tf.TensorInfo,
  rstd: tf.TensorInfo,
): { dx: tf.Tensor; dgain: tf.Tensor } {
  const [dx, dgain] = runAddonOp('NeverendRmsNormGrad', [dy, x, gain, rstd], 2) as Tensors;
  return { dx, dgain };
}

/** Rows of a table: table [N, D], indices int32 [K], each in [0, N). @returns [K, D] */
export function gatherRows(table: tf.TensorInfo, indices: tf.TensorInfo): tf.Tensor {
  return one('NeverendGatherRows', [table, indices]);
}

/**
 * table[indices[k]] += rows[k] in the table's own memory: table [N, D], indices int32 [K], rows [K, D]. Repeated
 * indices add up in their order, so the sums do not depend on the number of threads. Every tensor that shares the
 * table's data changes; nothing is written where an index is out of range.
 */
export function scatterAddRows(
  table: tf.TensorInfo,
  indices: tf.TensorInfo,
  rows: tf.TensorInfo,
): void {
  runAddonOp('NeverendScatterAddRows', [table, indices, rows], 0);
}

type Tensors = [tf.Tensor, tf.Tensor, tf.Tensor];

function one(
  name: string,
  inputs: tf.TensorInfo[],
  attributes: Readonly<Record<string, boolean>> = {},
): tf.Tensor {
  return runAddonOp(name, inputs, 1, attributes)[0] as tf.Tensor;
}
