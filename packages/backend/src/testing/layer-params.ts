import type * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';

/** The weights of a layer by the names that its function has for them. They stay the layer's. */
export const layerParams = ({ name, weights }: layers.Layer): Record<string, tf.Tensor> =>
  Object.fromEntries(
    weights.map((weight) => [weight.originalName.split(`${name}/`).at(-1), weight.read()]),
  );
