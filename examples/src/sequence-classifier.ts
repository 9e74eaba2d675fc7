// Trains two classifiers of sequences that differ in one layer: a recurrent block, and the LSTM of TensorFlow.js.
// The first of T steps shows the class, the others are noise, and only the last step is read: the layer must remember.
// Run it in examples/: node --import tsx --conditions=@neverend/source src/sequence-classifier.ts
import { pathToFileURL } from 'node:url';
import { randomInt, randomKey, randomNormal, useBackend } from '@neverend/backend';
import { neverendRecurrentBlock } from '@neverend/lru/register';
import { defineLayer } from '@neverend/nn/layers';
import { neverendLinear } from '@neverend/nn/register';
import { AdamW } from '@neverend/optim';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';

const [classes, rows] = [4, 32];

const lastStep = defineLayer({
  name: 'LastStep',
  args: {},
  forward: ([x]) => tf.squeeze(tf.slice(x, [0, (x.shape[1] ?? 1) - 1, 0], [-1, 1, -1]), [1]),
  outputShape: ([[rows, , width]]) => [rows ?? null, width ?? null],
});

function batch(step: number, length: number) {
  const labels = Int32Array.from(randomInt(randomKey('labels', step), rows, classes));
  const values = randomNormal(randomKey('noise', step), rows * length * classes);
  for (const [row, label] of labels.entries()) {
    for (let k = 0; k < classes; k++) values[row * length * classes + k] = k === label ? 4 : 0;
  }
  return {
    x: tf.tensor(values, [rows, length, classes]),
    y: tf.oneHot(tf.tensor1d(labels), classes),
  };
}

type TrainOptions = Readonly<Record<'length' | 'width' | 'steps', number>>;

/** Losses of the steps, and the median of their times in ms, without the first step, which warms up. */
export async function train(kind: 'recurrent block' | 'lstm', options: TrainOptions) {
  const { length, width, steps } = options;
  const model = sequential();
  model.add(neverendLinear({ units: width, seed: 1, inputShape: [length, classes] }));
  model.add(
    kind === 'lstm'
      ? layers.lstm({ units: width, returnSequences: true })
      : neverendRecurrentBlock({ heads: 4, seed: 2 }),
  );
  model.add(lastStep());
  model.add(neverendLinear({ units: classes, seed: 3 }));
  const loss = (labels: tf.Tensor, logits: tf.Tensor) =>
    tf.losses.softmaxCrossEntropy(labels, logits);
  model.compile({ optimizer: new AdamW({ learningRate: 1e-2 }), loss });

  const losses: number[] = [];
  const times: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = batch(step, length);
    const start = performance.now();
    losses.push((await model.trainOnBatch(x, y)) as number);
    if (step > 0) times.push(performance.now() - start);
    tf.dispose([x, y]);
  }
  model.dispose();
  times.sort((a, b) => a - b);
  return { losses, msPerStep: times[times.length >> 1] ?? Number.NaN };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { device } = await useBackend('wasm');
  console.log(`sequences of 64 steps, width 64, batches of ${rows}, on ${device}`);
  for (const [kind, steps] of [
    ['recurrent block', 150],
    ['lstm', 20],
  ] as const) {
    const { losses, msPerStep } = await train(kind, { length: 64, width: 64, steps });
    const [first = 0, last = 0] = [losses[0], losses.at(-1)];
    console.log(
      `${kind}: ${msPerStep.toFixed(1)} ms a step; loss ${first.toFixed(2)} to ${last.toFixed(2)} in ${steps} steps`,
    );
  }
}
