import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/**
 * Trains a compiled model of tf.layers on one batch.
 *
 * @returns the losses before each step, and the names of the weights that are still what they were.
 */
export async function trainModel(
  model: LayersModel,
  x: tf.Tensor,
  target: tf.Tensor,
  steps: number,
): Promise<{ losses: number[]; unchanged: string[] }> {
  const weights = () =>
    Promise.all(model.getWeights().map(async (weight) => String(await weight.data())));
  const before = await weights();
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push((await model.trainOnBatch(x, target)) as number);
  }
  const after = await weights();
  const names = model.weights.map(({ originalName }) => originalName);
  return { losses, unchanged: names.filter((_, index) => before[index] === after[index]) };
}
