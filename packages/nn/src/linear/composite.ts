import { withGradient } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../gelu/index.ts';
import { sumRows } from '../rows.ts';
import {
  type LinearAddInputs,
  type LinearAttrs,
  type LinearInputs,
  type LinearSizes,
  sizesOf,
} from './types.ts';

/** act(x W + b), with a gradient that is fast on every backend. */
export function linearComposite(inputs: LinearInputs, { activation }: LinearAttrs): tf.Tensor {
  const { x, kernel, bias } = inputs;
  const sizes = sizesOf(inputs);
  return tf.tidy(() => {
    const vector = tf.reshape(bias, [sizes.units]);
    if (activation === 'none') return linearProduct(x, kernel, vector, sizes);
    const product = linearProduct(x, kernel, undefined, {
      ...sizes,
      shape: [sizes.rows, sizes.units],
    });
    return tf.reshape(gelu(product, { bias: vector }), sizes.shape);
  });
}

/** act(x W + b) + residual. */
export function linearAddComposite(inputs: LinearAddInputs, attrs: LinearAttrs): tf.Tensor {
  return tf.tidy(() => tf.add(linearComposite(inputs, attrs), inputs.residual));
}

/** x W, plus a vector where there is one, out of products of matrices; its backward pass is two more of them. */
export function linearProduct(
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias: tf.Tensor | undefined,
  { rows, depth, units, shape }: LinearSizes,
): tf.Tensor {
  const inputs = bias === undefined ? [x, kernel] : [x, kernel, bias];
  return withGradient(inputs, () => {
    const matrix = (of: tf.Tensor) => tf.reshape(of, [depth, units]) as tf.Tensor2D;
    const y = product(tf.reshape(x, [rows, depth]) as tf.Tensor2D, matrix(kernel), bias);
    return {
      value: tf.reshape(y, shape),
      saved: [x, kernel],
      backward: (dy, [savedX, savedKernel]) => {
        const [dRows, xRows] = [dy, savedX as tf.Tensor].map((of) =>
          tf.reshape(of, [rows, -1]),
        ) as [tf.Tensor2D, tf.Tensor2D];
        const weights = matrix(savedKernel as tf.Tensor);
        const dx = tf.reshape(tf.matMul(dRows, weights, false, true), x.shape);
        const dKernel = tf.reshape(tf.matMul(xRows, dRows, true, false), kernel.shape);
        return bias === undefined ? [dx, dKernel] : [dx, dKernel, sumRows(dRows)];
      },
    };
  });
}

/** On `tensorflow` tf.fused.matMul is the same product and sum, but as one of a batch of one, with TensorFlow's slower product of batches. */
function product(x: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor | undefined): tf.Tensor {
  if (bias === undefined) return tf.matMul(x, kernel);
  return tf.getBackend() === 'tensorflow'
    ? tf.add(tf.matMul(x, kernel), bias)
    : tf.fused.matMul({ a: x, b: kernel, bias });
}
