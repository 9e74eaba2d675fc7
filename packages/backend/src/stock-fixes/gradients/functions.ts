import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';

/** Out of operations that have gradients themselves. */
const elu: tf.GradConfig = {
  kernelName: 'Elu',
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [y] = saved as [tf.Tensor];
    // Below 0 the slope is exp(x), which is y + 1.
    return { x: () => tf.mul(dy as tf.Tensor, tf.add(tf.minimum(y, 0), 1)) };
  },
};

const lrn: tf.GradConfig = {
  kernelName: 'LRN',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    const { depthRadius, bias, alpha, beta } = attrs as unknown as tf.LRNAttrs;
    return {
      x: () => {
        const channels = x.shape.at(-1) ?? 1;
        const near = tf.linalg.bandPart(tf.ones([channels, channels]), depthRadius, depthRadius);
        const rows = tf.reshape(x, [x.size / channels, channels]) as tf.Tensor2D;
        const dRows = tf.reshape(dy as tf.Tensor, rows.shape);
        const sums = tf.matMul(tf.square(rows), near as tf.Tensor2D);
        const s = tf.add(bias, tf.mul(alpha, sums));
        const own = tf.mul(dRows, tf.pow(s, -beta));
        const through = tf.mul(tf.mul(dRows, rows), tf.pow(s, -beta - 1));
        const all = tf.matMul(through, near as tf.Tensor2D);
        return tf.reshape(tf.sub(own, tf.mul(2 * alpha * beta, tf.mul(rows, all))), x.shape);
      },
    };
  },
};

/** Stock TensorFlow.js has them as kernels, which have no gradients in turn. */
export function registerFunctionGradients(): void {
  for (const config of [elu, lrn]) replaceGradient(config);
}
