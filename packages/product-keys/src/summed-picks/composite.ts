import { registerStockFixes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { type SummedPicksInputs, summedPicksSizes } from './types.ts';

/** With all products in memory. @returns `[U, D]`. */
export function summedPicksComposite(inputs: SummedPicksInputs): tf.Tensor {
  registerStockFixes();
  const { factors, sources, picks, starts } = inputs;
  return tf.tidy(() => {
    const { perSource, rows, width } = summedPicksSizes(inputs);
    const [count = 0] = sources.shape;
    const products = tf.mul(
      tf.reshape(factors, [count, perSource, 1]),
      tf.reshape(sources, [count, 1, width]),
    );
    const sorted = tf.gather(tf.reshape(products, [count * perSource, width]), picks);
    // The row of a place is the number of rows that have begun, less one.
    const begins = tf.slice(starts, [0], [rows]) as tf.Tensor1D;
    const begun = tf.unsortedSegmentSum(tf.ones([rows]), begins, picks.size);
    const rowOf = tf.sub(tf.cumsum(begun), 1);
    return tf.unsortedSegmentSum(sorted, tf.cast(rowOf, 'int32') as tf.Tensor1D, rows);
  });
}
