import { defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { asRows } from '../rows.ts';

import { layerNormGradTensorflow } from './kernels/tensorflow.ts';
import { layerNormGradWasm } from './kernels/wasm.ts';
import { layerNormGradWebgpu } from './kernels/webgpu.ts';

export type LayerNormGradInputs = {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly rstd: tf.Tensor;
};

/** Shapes that a kernel for norms over the last axis must agree with its composite on. */
export const normShapes: readonly (readonly number[])[] = [
  [5],
  [1, 7],
  [3, 5],
  [2, 3, 66],
  [129, 63],
  [65_537, 3],
];

/**
 * The gradients of layer norm by x, scale and bias from the `mean` and the reciprocal deviation `rstd` `[M]` of
 * each row.
 */
export const layerNormGrad: Kernel<LayerNormGradInputs, Record<string, never>> = defineKernel<
  LayerNormGradInputs,
  Record<string, never>
>({
  name: 'NeverendLayerNormGrad',
  composite: ({ inputs: { dy, x, scale, mean, rstd } }) => {
    const [dRows, column] = [asRows(dy), [-1, 1]];
    const deviation = tf.reshape(rstd, column);
    const normed = tf.mul(tf.sub(asRows(x), tf.reshape(mean, column)), deviation);
    const dNormed = tf.mul(dRows, scale);
    const along = tf.mul(normed, tf.mean(tf.mul(dNormed, normed), 1, true));
    const dx = tf.mul(deviation, tf.sub(tf.sub(dNormed, tf.mean(dNormed, 1, true)), along));
    return [tf.reshape(dx, x.shape), tf.sum(tf.mul(dRows, normed), 0), tf.sum(dRows, 0)];
  },
  backendKernels: {
    webgpu: layerNormGradWebgpu,
    wasm: layerNormGradWasm,
    tensorflow: layerNormGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: normShapes.map((shape) => {
    const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    return randomCase(
      {
        dy: { shape },
        x: { shape },
        scale: { shape: shape.slice(-1), mean: 1 },
        mean: { shape: [rows], scale: 0.3 },
        rstd: { shape: [rows], scale: 0.1, mean: 1 },
      },
      {},
    );
  }),
  flops: ({ inputs: { x } }) => 12 * x.size,
});
