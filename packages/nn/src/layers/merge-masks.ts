import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

/**
 * The layers that TensorFlow.js merges with token by token, `layers.add` and so on, lose masks: of two they give the first, as `[1, B, T]`, and of
 * three they take the first two. As in Keras, a token now counts where it counts in all that have a mask.
 */
export function mendMergeMasks(): void {
  // With a name: the names that TensorFlow.js gives are counted.
  const add = layers.add({ name: 'add' });
  const merge = Object.getPrototypeOf(Object.getPrototypeOf(add)) as layers.Layer;
  merge.computeMask = (_, mask) => {
    const given = ([mask].flat() as (tf.Tensor | null | undefined)[]).filter((one) => one != null);
    if (given.length === 0) return null as unknown as tf.Tensor;
    return tf.tidy(() => given.reduce((all, one) => tf.logicalAnd(all, one)));
  };
}
