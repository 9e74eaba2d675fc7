// Runs a small version of the smoke preset and kills its own process at one moment: node kill-driver.ts <folder> <cache> <moment> <n>
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { run } from '../../src/commands.ts';
import { type Preset, presets } from '../../src/presets.ts';
import type { Progress } from '../../src/types.ts';

const [folder = '', cache = '', moment = '', at = '0'] = process.argv.slice(2);
const counts: Record<string, number> = {};

/** Counts how often a moment came by, and does not survive the chosen one. */
function pass(name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
  if (name === moment && counts[name] === Number(at) + 1) process.kill(process.pid, 'SIGKILL');
}

const { rename } = promises;
promises.rename = async (from, to) => {
  const place = String(to).startsWith(cache) ? 'data file' : 'file';
  pass(`before the rename of a ${place}`);
  await rename(from, to);
  pass(`after the rename of a ${place}`);
};
syncBuiltinESMExports();

let validating = false;
const engine = tf.engine();
const runKernel = engine.runKernel.bind(engine);
engine.runKernel = ((name, inputs, attrs) => {
  pass(validating ? 'kernel in validation' : 'kernel');
  return runKernel(name, inputs, attrs);
}) as typeof engine.runKernel;

const { summary: _, ...preset } = presets['smoke'] as Preset;
const [checkpointEvery, validateEvery] = [1, 2];
const settings = {
  ...preset,
  stream: { ...preset.stream, limit: { train: 64, dev: 32, eval: 32 } },
  // Those that differ in what they keep from task to task, and in their backbone.
  learners: preset.learners.slice(1).map((learner) => ({
    ...learner,
    search: {
      ...learner.search,
      ...{ learningRates: learner.search.learningRates.slice(1), steps: 4 },
      ...{ batchSize: 16, validateEvery, checkpointEvery, evaluationBatchSize: 32 },
    },
  })),
};
const progress = ({ phase, done }: Progress) => {
  if (phase === 'prepare') pass('data preparation');
  // A train step is reported before the validation that is due after it.
  validating = phase === 'train' && done % validateEvery === 0;
};

await run(
  folder,
  { ...settings, preset: 'smoke', seed: 5 },
  { cache, progress, signal: new AbortController().signal, note: () => {} },
);
process.stdout.write(JSON.stringify(counts));
