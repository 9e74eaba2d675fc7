import { randomKey, randomPermutation } from '@neverend/backend';
import { initLinear, linear, subtree, variablesOf, withPrefix } from '@neverend/nn';
import { AdamW, clipByGlobalNorm, warmupCosine } from '@neverend/optim';
import * as tf from '@tensorflow/tfjs-core';
import { ClassificationAccumulator } from '../metrics/index.ts';
import type { Dataset, PredictionBatch } from '../types.ts';
import type { Backbone, Params } from './backbone.ts';
import { normalizeImages } from './image-pipeline.ts';
import { type Arrays, toArrays, toTensors } from './parameters.ts';

/** How every trial of a search is trained. Budgets are in steps, never in seconds. */
export interface TrainingSettings {
  readonly steps: number;
  readonly batchSize: number;
  /** Linear warm-up from 0, in steps; then cosine to 0. */
  readonly warmupSteps: number;
  /** Decoupled decay of kernels; biases, norms and positions do not decay. */
  readonly weightDecay: number;
  /** Largest global norm of the gradients. */
  readonly clipNorm: number;
}

/** What one trial is a function of. */
export interface TrialOptions {
  readonly backbone: Backbone;
  readonly settings: TrainingSettings;
  readonly learningRate: number;
  readonly train: Dataset;
  /** The seed of the data order and of what is drawn at random at the start. */
  readonly seed: readonly (string | number)[];
}

const names = { next: 0 };

/** Training of a backbone and a head on one task: weights, optimiser and the number of steps taken. */
export class Trial {
  readonly #options: TrialOptions;
  readonly #weights: Readonly<Record<string, tf.Variable>>;
  readonly #optimizer: AdamW;
  readonly #schedule: (step: number) => number;
  #step: number;
  #order: { epoch: number; indices: Uint32Array } | undefined;

  private constructor(options: TrialOptions, weights: Params, step: number) {
    const { settings, learningRate } = options;
    this.#options = options;
    this.#optimizer = new AdamW({
      learningRate,
      weightDecay: 0,
      groups: [{ match: (name) => name.endsWith('kernel'), weightDecay: settings.weightDecay }],
    });
    this.#schedule = warmupCosine({
      peak: learningRate,
      warmupSteps: Math.min(settings.warmupSteps, settings.steps - 1),
      totalSteps: settings.steps,
    });
    this.#step = step;
    // Checkpoints have the names alone, which stay.
    this.#weights = variablesOf(weights, `nevis-trial-${names.next++}/`);
    tf.dispose(Object.values(weights));
  }

  /** A new trial: the backbone as given, a new head, the optimiser's state zero. */
  static start(options: TrialOptions, start: Arrays): Trial {
    const { backbone, seed, train } = options;
    const head = initLinear(randomKey(...seed, 'head'), backbone.width, train.task.numClasses);
    const weights = {
      ...withPrefix(toTensors(start), 'backbone/'),
      ...withPrefix<tf.Tensor>(head, 'head/'),
    };
    return new Trial(options, weights, 0);
  }

  /** A trial that goes on from what `save` gave. */
  static async resume(options: TrialOptions, saved: Arrays, step: number): Promise<Trial> {
    const tensors = (prefix: string) => toTensors(subtree(saved, prefix));
    const trial = new Trial(options, tensors('w/'), step);
    const moments = { m: tensors('m/'), v: tensors('v/') };
    const state: Record<string, tf.Tensor> = { iter: tf.scalar(step, 'int32') };
    for (const [key, values] of Object.entries(moments)) {
      for (const [name, tensor] of Object.entries(values)) {
        state[`${trial.#weights[name]?.name}/${key}`] = tensor;
      }
    }
    try {
      await trial.#optimizer.restore(state);
    } finally {
      tf.dispose(state);
    }
    return trial;
  }

  /** Steps taken. */
  get step(): number {
    return this.#step;
  }

  /** Number of scalars that are trained. */
  get parameters(): number {
    return Object.values(this.#weights).reduce((sum, weight) => sum + weight.size, 0);
  }

  /** One batch forward and backward, and one update. */
  advance(): void {
    const { backbone, settings, train } = this.#options;
    const batch = train.batch(this.#batchIndices());
    const classes = train.task.numClasses;
    const weights = Object.values(this.#weights);
    const { value, grads } = tf.variableGrads(
      () =>
        tf.tidy(() => {
          const images = imageTensor(batch.images, train, backbone);
          const logits = this.#logits(images);
          const target = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classes);
          const logLikelihood = tf.sum(tf.mul(target, tf.logSoftmax(logits)), -1);
          return tf.neg(tf.mean(logLikelihood)) as tf.Scalar;
        }),
      weights,
    );
    this.#optimizer.setLearningRate(this.#schedule(this.#step + 1));
    const clipped = clipByGlobalNorm(grads, settings.clipNorm);
    this.#optimizer.applyGradients(clipped.grads);
    tf.dispose([value, grads, clipped.grads, clipped.norm]);
    this.#step++;
  }

  /** Share of `dataset` that is classified wrongly; a row with a logit that is not finite is wrong. */
  async error(dataset: Dataset, batchSize: number): Promise<number> {
    const metrics = new ClassificationAccumulator(dataset.task.numClasses);
    const { backbone } = this.#options;
    for await (const batch of predictBatches(backbone, this.#weights, dataset, batchSize)) {
      metrics.add(batch);
    }
    return metrics.metrics().errorRate;
  }

  /** The weights now: `backbone/...` and `head/...`. */
  weights(): Promise<Arrays> {
    return toArrays(this.#weights);
  }

  /** Everything that `resume` needs beside the step. */
  async save(): Promise<Arrays> {
    const state = this.#optimizer.state();
    const saved: Arrays[] = [withPrefix(await this.weights(), 'w/')];
    for (const [name, weight] of Object.entries(this.#weights)) {
      const [m, v] = [state[`${weight.name}/m`], state[`${weight.name}/v`]];
      if (m === undefined || v === undefined) continue;
      saved.push(await toArrays({ [`m/${name}`]: m, [`v/${name}`]: v }));
    }
    return Object.assign({}, ...saved) as Arrays;
  }

  dispose(): void {
    tf.dispose(Object.values(this.#weights));
    this.#optimizer.dispose();
  }

  #logits(images: tf.Tensor4D): tf.Tensor {
    return forward(this.#options.backbone, this.#weights, images);
  }

  /** Batches walk through seeded permutations, one an epoch; a batch may span two. */
  #batchIndices(): Uint32Array {
    const { settings, train, seed } = this.#options;
    const first = this.#step * settings.batchSize;
    return Uint32Array.from({ length: settings.batchSize }, (_, offset) => {
      const epoch = Math.floor((first + offset) / train.size);
      if (this.#order?.epoch !== epoch) {
        const indices = randomPermutation(randomKey(...seed, 'order', epoch), train.size);
        this.#order = { epoch, indices };
      }
      return this.#order.indices[(first + offset) % train.size] ?? 0;
    });
  }
}

/** Class scores of a whole data set in its order, batch by batch. `weights` as `Trial.weights` names them. */
export async function* predictBatches(
  backbone: Backbone,
  weights: Params,
  dataset: Dataset,
  batchSize: number,
): AsyncGenerator<PredictionBatch, void> {
  for (let start = 0; start < dataset.size; start += batchSize) {
    const length = Math.min(batchSize, dataset.size - start);
    const batch = dataset.batch(Array.from({ length }, (_, offset) => start + offset));
    const logits = tf.tidy(() =>
      forward(backbone, weights, imageTensor(batch.images, dataset, backbone)),
    );
    try {
      yield { labels: batch.labels, logits: Float32Array.from(await logits.data<'float32'>()) };
    } finally {
      logits.dispose();
    }
  }
}

function forward(backbone: Backbone, weights: Params, images: tf.Tensor4D): tf.Tensor {
  const { 'head/kernel': kernel, 'head/bias': bias } = weights;
  if (kernel === undefined || bias === undefined) throw new Error('the weights have no head');
  return linear(backbone.features(images, subtree(weights, 'backbone/')), kernel, bias);
}

function imageTensor(images: Uint8Array, dataset: Dataset, backbone: Backbone): tf.Tensor4D {
  const size = backbone.imageSize;
  const pixels = normalizeImages(images, dataset.shape, size);
  return tf.tensor4d(pixels, [pixels.length / (size * size * 3), size, size, 3]);
}
