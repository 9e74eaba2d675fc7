import { join } from 'node:path';
import { checkedSize, checkNumber } from '@neverend/backend';
import {
  MetricsFile,
  RunError,
  readRunCheckpoint,
  writeRunCheckpoint,
} from '@neverend/checkpoint/node';
import { warmupCosine } from '@neverend/optim';
import * as tf from '@tensorflow/tfjs-core';
import { evaluateClassifier } from './evaluate-classifier.ts';
import type { TrainingProgress, TrainingResult, TrainOptions } from './train-options.ts';
import type { ResolvedSettings } from './train-settings.ts';
import {
  type Part,
  type SavedParams,
  type StepGradients,
  TrainedParams,
} from './trained-params.ts';
import { batchOf, type DrawnClip, trainingClips } from './training-clips.ts';
import type { StepEvaluation, TrainingState } from './training-state.ts';

/** A training in its folder, from where its checkpoint is. */
export class TrainingRun {
  readonly #options: TrainOptions;
  readonly #settings: ResolvedSettings;
  readonly #params: TrainedParams;
  readonly #metrics: MetricsFile;
  readonly #clips: AsyncGenerator<DrawnClip, void>;
  readonly #rateAt: (step: number) => number;
  readonly #begun: { readonly step: number; readonly at: number };
  #step: number;
  /** The newest one, and the step that it came after. */
  #evaluation: StepEvaluation | undefined;
  #saved: { readonly step: number; readonly at: number };
  #last: Pick<TrainingProgress, 'loss' | 'learningRate' | 'gradientNorm'> = {};

  private constructor(
    options: TrainOptions,
    settings: ResolvedSettings,
    params: TrainedParams,
    metrics: MetricsFile,
    state: { readonly step: number; readonly evaluation?: StepEvaluation },
  ) {
    const { ahead = 2 * settings.batchSize, checkpointSeconds = 60, train, model } = options;
    checkNumber('checkpointSeconds', checkpointSeconds, 0);
    checkedSize('ahead', ahead, 0);
    const { learningRate: peak, warmupSteps, steps: totalSteps } = settings;
    this.#options = { ...options, ahead, checkpointSeconds };
    this.#settings = settings;
    this.#params = params;
    this.#metrics = metrics;
    this.#step = state.step;
    this.#evaluation = state.evaluation;
    this.#rateAt = warmupCosine({ peak, warmupSteps, totalSteps });
    this.#clips = trainingClips(train, model.format, settings, state.step, ahead);
    this.#begun = { step: state.step, at: performance.now() };
    this.#saved = this.#begun;
  }

  static async open(options: TrainOptions, settings: ResolvedSettings): Promise<TrainingRun> {
    const { folder, model } = options;
    const params = new TrainedParams(model, settings);
    try {
      const found = await readRunCheckpoint(folder);
      if (found !== undefined) await params.restore(found.parts as SavedParams);
      const from = (found?.state ?? { step: 0, metricsBytes: 0 }) as TrainingState;
      const { step, metricsBytes, evaluation } = from;
      const metrics = await MetricsFile.open(join(folder, 'metrics.jsonl'), metricsBytes);
      const state = { step, ...(evaluation && { evaluation }) };
      return new TrainingRun(options, settings, params, metrics, state);
    } catch (error) {
      params.dispose();
      throw error;
    }
  }

  /** Takes all steps that are left. */
  async finish(): Promise<TrainingResult> {
    const { steps } = this.#settings;
    const { signal, checkpointSeconds = 0 } = this.#options;
    while (this.#step < steps || this.#evaluationIsDue) {
      try {
        signal?.throwIfAborted();
        if (this.#evaluationIsDue) await this.#evaluate();
        else await this.#advance();
      } catch (error) {
        if (signal?.aborted && this.#step > this.#saved.step) await this.#save();
        throw error;
      }
      const due = performance.now() - this.#saved.at >= checkpointSeconds * 1000;
      if (due && !this.#evaluationIsDue) await this.#save();
    }
    if (this.#step > this.#saved.step) await this.#save();
    const evaluation = this.#evaluation;
    return { params: await this.#params.result(), steps, ...(evaluation && { evaluation }) };
  }

  get #evaluationIsDue(): boolean {
    const { steps, evaluateEvery } = this.#settings;
    const step = this.#step;
    if (this.#options.validate === undefined || step === 0) return false;
    return (step % evaluateEvery === 0 || step === steps) && this.#evaluation?.step !== step;
  }

  async #advance(): Promise<void> {
    const since = performance.now();
    const step = this.#step + 1;
    const { loss, gradientNorm, clipped } = await this.#params.gradients(this.#parts());
    const learningRate = this.#rateAt(step);
    try {
      this.#requireFinite(step, { loss, gradientNorm });
      this.#params.apply(clipped, learningRate);
    } finally {
      tf.dispose(clipped);
    }
    this.#step = step;
    this.#last = { loss, learningRate, gradientNorm };
    const seconds = (performance.now() - since) / 1000;
    await this.#metrics.append({ step, ...this.#last, seconds });
    this.#report('train', step, this.#settings.steps);
  }

  async #evaluate(): Promise<void> {
    const { model, validate, signal, ahead = 0 } = this.#options;
    if (validate === undefined) return;
    const { clips, crops, batchSize, accumulate } = this.#settings;
    const evaluation = await this.#params.averaged(() =>
      evaluateClassifier(model, validate, {
        ...{ params: this.#params.params, clips, crops, ahead },
        batchSize: batchSize / accumulate,
        ...(signal && { signal }),
        onProgress: (done, total) => this.#report('evaluate', done, total),
      }),
    );
    this.#evaluation = { step: this.#step, ...evaluation };
    await this.#metrics.append(this.#evaluation);
  }

  /** The clips of a step. */
  async *#parts(): AsyncGenerator<Part, void> {
    const { batchSize, accumulate } = this.#settings;
    for (let part = 0; part < accumulate; part++) {
      const drawn: DrawnClip[] = [];
      while (drawn.length < batchSize / accumulate) {
        const { value } = await this.#clips.next();
        if (value !== undefined) drawn.push(value);
      }
      const batch = batchOf(drawn, this.#options.model.format, this.#settings);
      try {
        yield batch;
      } finally {
        tf.dispose([batch.video, batch.labels]);
      }
    }
  }

  async #save(): Promise<void> {
    await this.#metrics.sync();
    const evaluation = this.#evaluation;
    const state = {
      ...{ step: this.#step, metricsBytes: this.#metrics.bytes },
      ...(evaluation && { evaluation }),
    };
    await writeRunCheckpoint(this.#options.folder, state, await this.#params.save());
    this.#saved = { step: this.#step, at: performance.now() };
  }

  #report(phase: TrainingProgress['phase'], done: number, total: number): void {
    const taken = this.#step - this.#begun.step;
    const pace = (performance.now() - this.#begun.at) / 1000 / taken;
    const remaining = pace * (this.#settings.steps - this.#step);
    const evaluation = this.#evaluation;
    this.#options.onProgress?.({
      ...{ phase, done, total },
      ...this.#last,
      ...(taken === 0 ? {} : { remainingSeconds: remaining }),
      ...(evaluation && { evaluation }),
    });
  }

  #requireFinite(step: number, values: Pick<StepGradients, 'loss' | 'gradientNorm'>): void {
    const { loss, gradientNorm } = values;
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
    const [what, value] = Number.isFinite(loss)
      ? ['norm of the gradients', gradientNorm]
      : ['loss', loss];
    const { folder } = this.#options;
    const stays =
      this.#saved.step === 0
        ? ''
        : `; the checkpoint of step ${this.#saved.step} stays in ${folder}`;
    throw new RunError(
      `the ${what} of step ${step} was ${value}: the training has come apart; begin another with a lower learningRate or more warmupSteps${stays}`,
    );
  }

  async close(): Promise<void> {
    await this.#clips.return();
    await this.#metrics.close();
    this.#params.dispose();
  }
}
