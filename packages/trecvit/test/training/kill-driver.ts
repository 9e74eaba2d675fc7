// Trains a tiny model and kills its own process at one moment: node kill-driver.ts <folder> <moment> <n>
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { randomKey, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { TRecViT } from '../../src/index.ts';
import { trainClassifier, trecvitTrainee } from '../../src/training/index.ts';
import { tiny } from '../tiny.ts';
import { movingBars } from './moving-bars.ts';

const [folder = '', moment = '', at = '0'] = process.argv.slice(2);
const counts: Record<string, number> = {};

/** Counts how often a moment came by, and does not survive the chosen one. */
function pass(name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
  if (name === moment && counts[name] === Number(at) + 1) process.kill(process.pid, 'SIGKILL');
}

const { rename, rm } = promises;
promises.rename = async (from, to) => {
  pass('before the rename of a file');
  await rename(from, to);
  pass('after the rename of a file');
};
promises.rm = async (path, options) => {
  pass('before the removal of a file');
  await rm(path, options);
};
syncBuiltinESMExports();

let evaluating = false;
const engine = tf.engine();
const runKernel = engine.runKernel.bind(engine);
engine.runKernel = ((name, inputs, attrs) => {
  pass(evaluating ? 'kernel in an evaluation' : 'kernel');
  return runKernel(name, inputs, attrs);
}) as typeof engine.runKernel;

await useBackend('wasm', { threads: 1 });
const model = TRecViT.init({ ...tiny, layers: 1, classes: 2 }, randomKey(1));
const { params } = await trainClassifier({
  ...{ model: trecvitTrainee(model), train: movingBars(7, 1), validate: movingBars(4, 2) },
  ...{ folder, checkpointSeconds: 0 },
  settings: {
    ...{ steps: 6, batchSize: 2, accumulate: 2, averageDecay: 0.9, learningRate: 1e-2 },
    ...{ evaluateEvery: 2, clips: 1, crops: 2, flips: [['left', 'right']] },
  },
  onProgress: ({ phase, done }) => {
    // A step is reported before the evaluation that is due after it.
    evaluating = phase === 'train' ? done % 2 === 0 : done < 4;
  },
});
tf.dispose(params);
process.stdout.write(JSON.stringify(counts));
