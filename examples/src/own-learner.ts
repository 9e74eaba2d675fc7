// A learner of one's own on the NEVIS stream: every image gets the class whose mean image is nearest.
// Run it in examples/: node --import tsx --conditions=@neverend/source src/own-learner.ts
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { useBackend } from '@neverend/backend';
import * as nevis from '@neverend/nevis-stream';
import * as tf from '@tensorflow/tfjs-core';

function examples(dataset: nevis.Dataset) {
  const { images, labels } = dataset.batch(Array.from({ length: dataset.size }, (_, i) => i));
  const pixels = Float32Array.from(images, (value) => value / 255);
  return { x: tf.tensor(pixels, [dataset.size, images.length / dataset.size]), labels };
}

const nearestMeanLearner: nevis.Learner = {
  name: 'nearest-mean',
  title: 'Nearest mean image',
  settings: {},
  init: async () => ({}),

  async train(event, state, context) {
    const { x, labels } = examples(await context.dataset(event.train));
    const counter = new nevis.FlopCounter();
    const means = await counter.count(() =>
      tf.tidy(() => {
        const rows = tf.oneHot(tf.tensor1d(labels), event.task.numClasses);
        const counts = tf.maximum(tf.reshape(tf.sum(rows, 0), [-1, 1]), 1);
        return tf.div(tf.matMul(rows, x, true), counts);
      }),
    );
    const data = (await means.data()) as Float32Array;
    const tensors = { means: { dtype: 'float32' as const, shape: means.shape, data } };
    const sha256 = await context.store(`task-${event.position}`, { meta: {}, tensors });
    tf.dispose([x, means]);
    const flops = { train: counter.total, validation: 0n, prediction: 0n };
    return {
      state: { ...(state as object), [event.position]: sha256 },
      usage: { flops, peakParameters: data.length },
      summary: { trials: [], chosen: null, startedFrom: null, startSha256: '', endSha256: sha256 },
    };
  },

  async *predict(event, state, context) {
    const { x, labels } = examples(await context.dataset(event.dataset));
    const sha256 = (state as Record<string, string>)[event.position] ?? '';
    const { tensors } = await context.restore(`task-${event.position}`, sha256);
    const counter = new nevis.FlopCounter();
    const { data, shape } = tensors['means'] ?? {};
    const scores = await counter.count(() =>
      tf.tidy(() => {
        const means = tf.tensor(data as Float32Array, shape as number[]);
        // The mean m with the smallest |x - m|² has the largest 2 x m - |m|².
        return tf.sub(tf.mul(tf.matMul(x, means, false, true), 2), tf.sum(tf.square(means), 1));
      }),
    );
    yield { labels, logits: (await scores.data()) as Float32Array };
    tf.dispose([x, scores]);
    return { flops: { train: 0n, validation: 0n, prediction: counter.total }, peakParameters: 0 };
  },
};

/** Runs the learner on the first images of each task. @returns the report's data; `folder` has the page `report.html`. */
export async function run(folder: string, cacheDir: string): Promise<nevis.ReportData> {
  const { name, version, device } = await useBackend('wasm');
  const limit = { train: 256, dev: 64, eval: 128 };
  const stream = await nevis.openNevisOpen({ cacheDir, limit, predictSplits: ['dev_test'] });
  const learners = [nearestMeanLearner];
  const backend = { name, version, device };
  const report = await nevis.runStream({ folder, stream, learners, seed: 0, backend });
  await writeFile(join(folder, 'report.html'), await nevis.renderReport(report));
  return report;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = 'runs/nearest-mean';
  const { averageErrorRate } = (await run(folder, '.cache/nevis')).learners[0] ?? {};
  console.log(`average error ${averageErrorRate}; ${join(folder, 'report.html')}`);
}
