import { type NamedArray, readArrays } from '@neverend/checkpoint';
import { type Params, variablesOf, withPrefix } from '@neverend/nn';
import { AdamW, clipByGlobalNorm, ExponentialMovingAverage } from '@neverend/optim';
import * as tf from '@tensorflow/tfjs-core';
import { type Arrays, toTensor } from './arrays.ts';
import { decays } from './decays.ts';
import { smoothedCrossEntropy } from './smoothed-cross-entropy.ts';
import type { ResolvedSettings } from './train-settings.ts';
import type { Trainee } from './trainee.ts';

/** Some clips of a step. Both are the caller's to dispose. */
export interface Part {
  readonly video: tf.Tensor;
  readonly labels: tf.Tensor1D;
}

/** What a step would do. */
export interface StepGradients {
  readonly loss: number;
  /** Of all gradients together, before they are clipped. */
  readonly gradientNorm: number;
  /** Clipped, by the variables' names. */
  readonly clipped: tf.NamedTensorMap;
}

/** All that a checkpoint holds, by the names of its files. */
export type SavedParams = {
  readonly params: Arrays;
  readonly optimizer: Arrays;
  readonly average?: Arrays;
};

const names = { next: 0 };

/** Parameters that are trained, their optimiser, and their moving average. */
export class TrainedParams {
  readonly #model: Trainee;
  readonly #settings: ResolvedSettings;
  /** TensorFlow.js wants variables' names unique in the process; checkpoints want them stable. */
  readonly #scope: string = `neverend-training-${names.next++}/`;
  readonly #variables: Readonly<Record<string, tf.Variable>>;
  readonly #optimizer: AdamW;
  readonly #average: ExponentialMovingAverage | undefined;

  constructor(model: Trainee, settings: ResolvedSettings) {
    const { frozen, learningRate, weightDecay, averageDecay } = settings;
    this.#model = model;
    this.#settings = settings;
    const trained = Object.entries(model.params).filter(
      ([name]) => !frozen.some((prefix) => name.startsWith(prefix)),
    );
    if (trained.length === 0) {
      throw new RangeError(`frozen was ${JSON.stringify(frozen)}; it must leave some parameters`);
    }
    const spared = (name: string) =>
      !(model.decays?.(name.slice(this.#scope.length)) ?? decays(name));
    this.#optimizer = new AdamW({
      ...{ learningRate, weightDecay },
      groups: [{ match: spared, weightDecay: 0 }],
    });
    if (averageDecay !== 'none') this.#average = new ExponentialMovingAverage(averageDecay);
    // Last, so that nothing is left where one of the others throws.
    this.#variables = variablesOf(Object.fromEntries(trained), this.#scope);
  }

  /** The trained ones as they are now, and the frozen ones. */
  get params(): Params {
    return { ...this.#model.params, ...this.#variables };
  }

  /** The gradients of a batch that comes in parts of equal sizes. The caller disposes those that are clipped. */
  async gradients(parts: AsyncIterable<Part>): Promise<StepGradients> {
    let [count, sum]: [number, tf.NamedTensorMap] = [0, {}];
    let loss = 0;
    try {
      for await (const part of parts) {
        const { value, grads } = this.#gradientsOf(part);
        const before = sum;
        sum = count === 0 ? grads : added(before, grads);
        if (count > 0) tf.dispose([before, grads]);
        count++;
        loss += ((await value.data())[0] ?? Number.NaN) as number;
        value.dispose();
      }
      const { grads: clipped, norm } = tf.tidy(() => {
        const mean = count === 1 ? sum : scaled(sum, 1 / count);
        return clipByGlobalNorm(mean, this.#settings.clipNorm);
      });
      const gradientNorm = ((await norm.data())[0] ?? Number.NaN) as number;
      norm.dispose();
      return { loss: loss / count, gradientNorm, clipped };
    } finally {
      tf.dispose(sum);
    }
  }

  #gradientsOf({ video, labels }: Part): ReturnType<typeof tf.variableGrads> {
    const { labelSmoothing } = this.#settings;
    return tf.variableGrads(
      () =>
        tf.tidy(() =>
          smoothedCrossEntropy(this.#model.logits(video, this.params), labels, labelSmoothing),
        ),
      Object.values(this.#variables),
    );
  }

  /** One update. */
  apply(clipped: tf.NamedTensorMap, learningRate: number): void {
    this.#optimizer.setLearningRate(learningRate);
    this.#optimizer.applyGradients(clipped);
    this.#average?.update(Object.values(this.#variables));
  }

  /** Runs something while the parameters are their averages, where these are kept. */
  async averaged<T>(run: () => Promise<T>): Promise<T> {
    const average = this.#average?.step === 0 ? undefined : this.#average;
    average?.swap();
    try {
      return await run();
    } finally {
      average?.swap();
    }
  }

  /** Copies of all parameters, the averages where these are kept; the caller's to dispose. */
  result(): Promise<Record<string, tf.Tensor>> {
    return this.averaged(async () =>
      Object.fromEntries(
        Object.entries(this.params).map(([name, param]) => [name, tf.keep(tf.clone(param))]),
      ),
    );
  }

  async save(): Promise<SavedParams> {
    const average = this.#average?.state();
    return {
      params: await readArrays(this.#variables),
      optimizer: await readArrays(this.#withoutScope(this.#optimizer.state())),
      ...(average === undefined ? {} : { average: await readArrays(this.#withoutScope(average)) }),
    };
  }

  /** Goes on from what `save` gave. */
  async restore({ params, optimizer, average }: SavedParams): Promise<void> {
    for (const [name, variable] of Object.entries(this.#variables)) {
      const tensor = toTensor(params[name] as NamedArray);
      variable.assign(tensor);
      tensor.dispose();
    }
    await this.#restored(optimizer, (state) => this.#optimizer.restore(state));
    if (this.#average === undefined || average === undefined) return;
    const own = this.#average;
    await this.#restored(average, (state) => own.restore(state));
  }

  async #restored(
    arrays: Arrays,
    restore: (state: Record<string, tf.Tensor>) => Promise<void>,
  ): Promise<void> {
    const { iter, ...ofVariables } = Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [name, toTensor(array)]),
    ) as Record<string, tf.Tensor>;
    const state = { ...(iter && { iter }), ...withPrefix(ofVariables, this.#scope) };
    try {
      await restore(state);
    } finally {
      tf.dispose(state);
    }
  }

  #withoutScope(state: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> {
    return Object.fromEntries(
      Object.entries(state).map(([name, tensor]) => [
        name.startsWith(this.#scope) ? name.slice(this.#scope.length) : name,
        tensor,
      ]),
    );
  }

  dispose(): void {
    tf.dispose(Object.values(this.#variables));
    this.#optimizer.dispose();
    this.#average?.dispose();
  }
}

/** A parameter that the loss does not depend on has a null. */
function added(a: tf.NamedTensorMap, b: tf.NamedTensorMap): tf.NamedTensorMap {
  return mapped(a, (tensor, name) => tf.add(tensor, b[name] as tf.Tensor));
}

const scaled = (grads: tf.NamedTensorMap, scale: number): tf.NamedTensorMap =>
  mapped(grads, (tensor) => tf.mul(tensor, scale));

function mapped(
  grads: tf.NamedTensorMap,
  make: (tensor: tf.Tensor, name: string) => tf.Tensor,
): tf.NamedTensorMap {
  return Object.fromEntries(
    Object.entries(grads).flatMap(([name, tensor]) =>
      tensor == null ? [] : [[name, make(tensor, name)]],
    ),
  );
}
