import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { randomKey } from '../random.ts';
import { randomTensor } from './random-tensor.ts';
import { trainModel } from './train-model.ts';

/** A model of tf.layers learns a batch of noise in 8 steps: each of its weights moves, no two have one name, and the loss falls. It stays the caller's. */
export async function expectLearns(model: LayersModel): Promise<void> {
  model.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' });
  const [x, target] = [model.inputs, model.outputs].map(([one], at) =>
    randomTensor(randomKey('learns', at), [8, ...((one?.shape.slice(1) ?? []) as number[])]),
  ) as [tf.Tensor, tf.Tensor];
  const { losses, unchanged } = await trainModel(model, x, target, 8);
  tf.dispose([x, target]);
  const names = model.weights.map(({ originalName }) => originalName);
  const twice = names.filter((name, at) => names.indexOf(name) < at);
  const [first = 0, last = Number.NaN] = [losses[0], losses.at(-1)];
  const faults = [
    ...unchanged.map((name) => `${name} did not move`),
    ...twice.map((name) => `${name} is the name of two weights`),
    ...(last < 0.95 * first ? [] : [`the loss went from ${first} to ${last}`]),
  ];
  if (faults.length > 0) throw new Error(`the model did not learn: ${faults.join('; ')}`);
}
