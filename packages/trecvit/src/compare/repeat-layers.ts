import * as tf from '@tensorflow/tfjs-core';

/**
 * The parameters of a model of many layers from those of one with a single layer, whose numbers each of them gets in memory of its
 * own: to draw hundreds of millions of numbers takes minutes, and what a pass costs does not depend on them.
 *
 * @param params become part of the result, which is the caller's to dispose.
 */
export function repeatLayers(
  params: Readonly<Record<string, tf.Tensor>>,
  layers: number,
): Record<string, tf.Tensor> {
  const all: Record<string, tf.Tensor> = { ...params };
  for (const [name, tensor] of Object.entries(params)) {
    const [, block, zero = '', rest] = /^(encoder\/[a-z]+_)(0+)(\/.*)$/.exec(name) ?? [];
    if (block === undefined) continue;
    for (let layer = 1; layer < layers; layer++) {
      // A clone would be the same memory.
      all[`${block}${String(layer).padStart(zero.length, '0')}${rest}`] = tf.add(tensor, 0);
    }
  }
  return all;
}
