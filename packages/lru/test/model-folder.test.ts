import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
} from '@neverend/backend/testing';
import { modelFolder } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { it } from 'vitest';
import { neverendRecurrentBlock } from '../src/register.ts';

const exact = { rtol: 0, atol: 0 };

await describeBackends('a model of recurrent blocks', () => {
  it('gives the same output after it was saved to a folder and loaded', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'neverend-lru-'));
    await expectNoLeak(async () => {
      const model = sequential({
        layers: [
          layers.dense({ units: 8, inputShape: [5, 4] }),
          neverendRecurrentBlock({ heads: 2, lruWidth: 8 }),
          neverendRecurrentBlock({ heads: 4, lruWidth: 8 }),
        ],
      });
      await model.save(modelFolder(folder));
      const loaded = await loadLayersModel(modelFolder(folder));
      const x = randomTensor(randomKey('x'), [2, 5, 4]);
      const [y, again] = [model.predict(x) as tf.Tensor, loaded.predict(x) as tf.Tensor];
      await expectTensorClose(again, { shape: [2, 5, 8], data: await y.data() }, exact);
      tf.dispose([x, y, again]);
      model.dispose();
      loaded.dispose();
    });
    await rm(folder, { recursive: true });
  });
});
