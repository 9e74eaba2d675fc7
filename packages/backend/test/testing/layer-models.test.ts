import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../../src/index.ts';
import { expectLearns, expectSameAfterReload, layerParams } from '../../src/testing/index.ts';

beforeAll(() => useBackend('cpu'));

/** Gives its input times a number that its config does not have. */
class Forgetful extends layers.Layer {
  static readonly className: string = 'NeverendForgetful';
  readonly #times: number;

  constructor({ times = 1, ...args }: { times?: number; inputShape?: number[] }) {
    super(args);
    this.#times = times;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor, this.#times);
  }
}
tf.serialization.registerClass(
  Forgetful as unknown as tf.serialization.SerializableConstructor<layers.Layer>,
);

it('a layer that forgets an argument is not the same after save and load', async () => {
  const x = tf.ones([2, 3]);
  const dense = () => layers.dense({ units: 4, inputShape: [3] });
  expect(await expectSameAfterReload([dense(), new Forgetful({})], x)).toEqual([2, 4]);
  const changed = expectSameAfterReload([dense(), new Forgetful({ times: 2 })], x);
  await expect(changed).rejects.toThrow('8 of 8 numbers are off');
  x.dispose();
});

it('a model learns where all of its weights move', async () => {
  const model = sequential({ layers: [layers.dense({ units: 4, inputShape: [3], name: 'one' })] });
  expect(Object.keys(layerParams(model.layers[0] as layers.Layer))).toEqual(['kernel', 'bias']);
  await expectLearns(model);
  model.add(layers.dense({ units: 2, trainable: false, name: 'two' }));
  await expect(expectLearns(model)).rejects.toThrow(/two\/kernel did not move/);
  model.dispose();
});
