import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from './registry.ts';
import { sumToShape } from './sum-to-shape.ts';

const matMul: tf.GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
    return gradients(dy as tf.Tensor, a, b, transposeA, transposeB);
  },
};

function gradients(
  dy: tf.Tensor,
  a: tf.Tensor,
  b: tf.Tensor,
  transposeA: boolean,
  transposeB: boolean,
): { a: () => tf.Tensor; b: () => tf.Tensor } {
  if (!transposeA && a.rank > 2 && b.shape.slice(0, -2).every((size) => size === 1)) {
    // One matrix for the whole batch: two plain products, without a gradient per member of the batch.
    const rows = asMatrix(a);
    const dyRows = asMatrix(dy);
    const matrix = asMatrix(b);
    return {
      a: () => tf.reshape(tf.matMul(dyRows(), matrix(), false, !transposeB), a.shape),
      b: () =>
        tf.reshape(
          transposeB
            ? tf.matMul(dyRows(), rows(), true, false)
            : tf.matMul(rows(), dyRows(), true, false),
          b.shape,
        ),
    };
  }
  return {
    a: () =>
      sumToShape(
        transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB),
        a.shape,
      ),
    b: () =>
      sumToShape(
        transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false),
        b.shape,
      ),
  };
}

/** All but the last axis as one. */
function asMatrix(x: tf.Tensor): () => tf.Tensor {
  return () => tf.reshape(x, [tf.util.sizeFromShape(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);
}

/**
 * The gradient of a product whose operands were broadcast over the batch is summed over it. Stock
 * TensorFlow.js gives one per member of the batch, and throws.
 */
export function registerMatMul(): void {
  replaceGradient(matMul);
}
