import { defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { normShapes } from '../layer-norm/gradient.ts';
import { asRows } from '../rows.ts';

import { rmsNormGradTensorflow } from './kernels/tensorflow.ts';
import { rmsNormGradWasm } from './kernels/wasm.ts';
import { rmsNormGradWebgpu } from './kernels/webgpu.ts';

export type RmsNormGradInputs = {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly rstd: tf.Tensor;
};

/** The gradients of RMS norm by x and scale from the reciprocal root mean square `rstd` `[M]` of each row. */
export const rmsNormGrad: Kernel<RmsNormGradInputs, { readonly offset: number }> = defineKernel<
  RmsNormGradInputs,
  { readonly offset: number }
>({
  name: 'NeverendRmsNormGrad',
  composite: ({ inputs: { dy, x, scale, rstd }, attrs: { offset } }) => {
    const [dRows, root] = [asRows(dy), tf.reshape(rstd, [-1, 1])];
    const normed = tf.mul(asRows(x), root);
    const dNormed = tf.mul(dRows, tf.add(scale, offset));
    const along = tf.mul(normed, tf.mean(tf.mul(dNormed, normed), 1, true));
    return [
      tf.reshape(tf.mul(root, tf.sub(dNormed, along)), x.shape),
      tf.sum(tf.mul(dRows, normed), 0),
    ];
  },
  backendKernels: {
    webgpu: rmsNormGradWebgpu,
    wasm: rmsNormGradWasm,
    tensorflow: rmsNormGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: normShapes.map((shape) => {
    const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    return randomCase(
      {
        dy: { shape },
        x: { shape },
        scale: { shape: shape.slice(-1) },
        rstd: { shape: [rows], scale: 0.1, mean: 1 },
      },
      { offset: 1 },
    );
  }),
  flops: ({ inputs: { x } }) => 9 * x.size,
});
