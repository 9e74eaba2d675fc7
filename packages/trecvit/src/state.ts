import type * as tf from '@tensorflow/tfjs-core';
import type { TRecViTState } from './forward.ts';

/** The tensors of a state by names: `layers/<number>/rg_lru` and `/conv`, `head/values` and `/weights`. */
export function namedState({ layers, head }: TRecViTState): Record<string, tf.Tensor> {
  const ofLayers = layers.flatMap(({ rgLru, conv }, layer) => [
    [`layers/${layer}/rg_lru`, rgLru],
    [`layers/${layer}/conv`, conv],
  ]);
  return {
    ...Object.fromEntries(ofLayers),
    'head/values': head.values,
    'head/weights': head.weights,
  };
}

/** The state that has what `of` gives for each of its names. */
export function stateOf(layers: number, of: (name: string) => tf.Tensor): TRecViTState {
  return {
    layers: Array.from({ length: layers }, (_, layer) => ({
      rgLru: of(`layers/${layer}/rg_lru`),
      conv: of(`layers/${layer}/conv`),
    })),
    head: { values: of('head/values'), weights: of('head/weights') },
  };
}
