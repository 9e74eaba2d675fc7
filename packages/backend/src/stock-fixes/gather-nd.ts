import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from './registry.ts';

const gatherNd: tf.GradConfig = {
  kernelName: 'GatherNd',
  inputsToSave: ['params', 'indices'],
  gradFunc: (dy, saved) => {
    const [params, indices] = saved as [tf.Tensor, tf.Tensor];
    return {
      params: () => {
        const depth = indices.shape.at(-1) ?? 1;
        const count = indices.size / depth;
        const updates = tf.reshape(dy as tf.Tensor, [count, ...params.shape.slice(depth)]);
        return tf.scatterND(tf.reshape(indices, [count, depth]), updates, params.shape);
      },
      indices: noGradient(indices),
    };
  },
};

/** What was gathered from a place several times sums there. Stock TensorFlow.js has no gradient. */
export function registerGatherNd(): void {
  replaceGradient(gatherNd);
}
