import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from './registry.ts';

const wrapped = new WeakSet<tf.GradConfig>();

/**
 * Stock TensorFlow.js gives the indices themselves as the gradient of the indices, which it then refuses
 * for their dtype, so that nothing can be gathered by indices that `topk` or `argMax` found.
 */
export function registerGather(): void {
  const stock: tf.GradConfig | undefined = tf.getGradient('GatherV2');
  if (stock === undefined || wrapped.has(stock)) return;
  const config: tf.GradConfig = {
    ...stock,
    gradFunc: (dy, saved, attrs) => ({
      ...stock.gradFunc(dy, saved, attrs),
      indices: noGradient(saved[1]),
    }),
  };
  wrapped.add(config);
  replaceGradient(config);
}
