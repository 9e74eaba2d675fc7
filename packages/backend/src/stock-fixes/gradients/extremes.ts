import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';

const extreme = (kernelName: 'Max' | 'Min'): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved as [tf.Tensor, tf.Tensor];
    const { reductionIndices, axis } = attrs as unknown as tf.MaxAttrs & tf.MinAttrs;
    return {
      x: () => {
        const axes = tf.util.parseAxisParam(reductionIndices ?? axis, x.shape);
        const kept = tf.backend_util.expandShapeToKeepDim(y.shape, axes);
        const shape = y.rank === x.rank ? y.shape : kept;
        const isTaken = tf.equal(x, tf.reshape(y, shape));
        const taken = tf.cast(isTaken, 'float32');
        // At least one, as nothing equals a NaN.
        const ties = tf.maximum(tf.sum(taken, axes, true), 1);
        return tf.where(isTaken, tf.div(tf.reshape(dy as tf.Tensor, shape), ties), 0);
      },
    };
  },
});

const configs = [extreme('Max'), extreme('Min')];

/** Equal numbers share the gradient of the largest evenly. Stock TensorFlow.js gives all of it to each. */
export function registerExtremeGradients(): void {
  for (const config of configs) replaceGradient(config);
}
