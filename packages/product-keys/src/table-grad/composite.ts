import { registerStockFixes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { TableGradAttrs, TableGradInputs } from './types.ts';

/** With all products in memory. @returns `[N, D]`. */
export function tableGradComposite(
  { indices, factors, sources }: TableGradInputs,
  { rows }: TableGradAttrs,
): tf.Tensor {
  registerStockFixes();
  return tf.tidy(() => {
    const [count = 0, width = 1] = sources.shape;
    const outer = tf.mul(
      tf.reshape(factors, [count, -1, 1]),
      tf.reshape(sources, [count, 1, width]),
    );
    const flat = tf.reshape(indices, [-1]) as tf.Tensor1D;
    return tf.unsortedSegmentSum(tf.reshape(outer, [-1, width]), flat, rows);
  });
}
