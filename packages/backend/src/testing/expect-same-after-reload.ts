import * as tf from '@tensorflow/tfjs-core';
import { type layers, sequential } from '@tensorflow/tfjs-layers';
import { expectTensorClose } from './expect-close.ts';
import { expectNoLeak } from './expect-no-leak.ts';
import { reloadModel } from './reload-model.ts';

/**
 * Layers of tf.layers, one after the other, give the same to the bit after save and load, by layers of the same classes, and nothing leaks.
 *
 * @param chain the first has an `inputShape`; with two of a kind, equal names of weights would collide.
 * @returns the shape of what they give.
 */
export async function expectSameAfterReload(
  chain: layers.Layer[],
  x: tf.Tensor,
): Promise<readonly number[]> {
  let shape: readonly number[] = [];
  await expectNoLeak(async () => {
    const model = sequential({ layers: chain });
    const loaded = await reloadModel(model);
    const [y, again] = [model, loaded].map((one) => one.predict(x)) as [tf.Tensor, tf.Tensor];
    const classes = [model, loaded].map((one) => one.layers.map((layer) => layer.getClassName()));
    shape = y.shape;
    try {
      await expectTensorClose(again, { shape, data: await y.data() }, { rtol: 0, atol: 0 });
      if (String(classes[0]) !== String(classes[1])) {
        throw new Error(`layers of the classes ${classes[0]} were loaded as ${classes[1]}`);
      }
    } finally {
      tf.dispose([y, again]);
      model.dispose();
      loaded.dispose();
    }
  });
  return shape;
}
