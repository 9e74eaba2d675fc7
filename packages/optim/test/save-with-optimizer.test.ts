import { describeBackends, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { AdamW, Lion, SGD } from '../src/index.ts';

const makers = {
  AdamW: () => new AdamW({ learningRate: 1e-3 }),
  Lion: () => new Lion({ learningRate: 1e-3 }),
  'SGD without momentum': () => new SGD({ learningRate: 1e-3 }),
  'SGD with momentum': () => new SGD({ learningRate: 1e-3, momentum: 0.9 }),
};

/** Tensors of a variable's shape that each optimiser keeps. */
const slotsOf = { AdamW: 2, Lion: 1, 'SGD without momentum': 0, 'SGD with momentum': 1 };

const counts = () => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { numTensors, numDataBuffers, numBytes };
};

await describeBackends(
  'model.save with includeOptimizer',
  () => {
    it.each(Object.keys(makers) as (keyof typeof makers)[])(
      'keeps no tensor and no byte from save to save: %s',
      async (name) => {
        const start = counts();
        const [x, y] = [tf.ones([8, 16]), tf.ones([8, 16])];
        const model = sequential({ layers: [layers.dense({ units: 16, inputShape: [16] })] });
        const optimizer = makers[name]();
        model.compile({ optimizer, loss: 'meanSquaredError' });
        let saved: tf.io.ModelArtifacts = {};
        const handler = tf.io.withSaveHandler(async (artifacts) => {
          saved = artifacts;
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
        });
        const after: ReturnType<typeof counts>[] = [];
        for (let epoch = 0; epoch < 4; epoch++) {
          await model.fit(x, y, { epochs: 1, verbose: 0 });
          await model.save(handler, { includeOptimizer: true });
          after.push(counts());
          await model.save(handler, { includeOptimizer: true });
          after.push(counts());
        }
        expect(after).toEqual(after.map(() => after[0]));

        const floats = saved.weightSpecs?.filter(
          ({ group, dtype }) => group === 'optimizer' && dtype === 'float32',
        );
        const sizes = floats?.map(({ shape }) => tf.util.sizeFromShape(shape));
        // The kernel has 16 x 16 numbers, the bias 16.
        const slots = Array.from({ length: slotsOf[name] }, () => [256, 16]).flat();
        expect(sizes?.toSorted()).toEqual(slots.toSorted());
        tf.dispose([x, y]);
        model.dispose();
        optimizer.dispose();
        expect(counts()).toEqual(start);
      },
    );
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
