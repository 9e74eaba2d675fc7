import { randomKey } from '@neverend/backend';
import { encodeSafetensors, type NamedArray } from '@neverend/checkpoint';
import { TRecViT, trecvitConfig, writeCard } from '@neverend/trecvit';
import type * as tf from '@tensorflow/tfjs-core';

/** The files of a small model that was not trained. A backend must have been chosen. */
export async function tinyModel(): Promise<Record<string, Uint8Array | string>> {
  const config = trecvitConfig('Ti', 'released', {
    ...{ layers: 2, width: 24, mlpWidth: 48, lruWidth: 48, headWidth: 32 },
    ...{ imageSize: [32, 32], classes: 8, frames: 8 },
  });
  const model = TRecViT.init(config, randomKey('a small model'));
  const named = await Promise.all(
    Object.entries(model.params).map(async ([name, tensor]): Promise<[string, NamedArray]> => {
      const data = (await (tensor as tf.Tensor).data()) as Float32Array;
      return [name, { dtype: 'float32', shape: (tensor as tf.Tensor).shape, data }];
    }),
  );
  model.dispose();
  return {
    'config.json': writeCard({
      config,
      input: { framesPerSecond: 10, crop: 'centre', range: [0, 1] },
      classNames: ['left', 'right', 'up', 'down', 'nearer', 'further', 'turning', 'still'],
    }),
    'model.safetensors': encodeSafetensors(Object.fromEntries(named)),
  };
}
