import { join } from 'node:path';
import { checkNumber } from '@neverend/backend';
import {
  MetricsFile,
  RunError,
  withRunCheckpoint,
  writeRunCheckpoint,
} from '@neverend/checkpoint/node';
import { warmupCosine } from '@neverend/optim';
import { trainingWindows, type Windows } from '../text/windows.ts';
import { evaluateLanguageModel } from './evaluate.ts';
import type {
  StepEvaluation,
  TrainingProgress,
  TrainingResult,
  TrainOptions,
} from './train-options.ts';
import type { ResolvedSettings } from './train-settings.ts';
import { type StepFigures, type StepRates, TrainedParams } from './trained-params.ts';

/** What `checkpoint.json` says. */
interface TrainingState {
  /** Number of steps that are done. */
  readonly step: number;
  /** How much of `metrics.jsonl` was written then. */
  readonly metricsBytes: number;
  readonly evaluation?: StepEvaluation;
}

/** A training in its folder, from where its checkpoint is. */
export class TrainingRun {
  readonly #options: TrainOptions & { readonly checkpointSeconds: number };
  readonly #settings: ResolvedSettings;
  readonly #params: TrainedParams;
  readonly #metrics: MetricsFile;
  readonly #rateAt: (step: number) => number;
  readonly #begun: { readonly step: number; readonly at: number };
  #step: number;
  /** The newest one, and the step that it came after. */
  #evaluation: StepEvaluation | undefined;
  #saved: { readonly step: number; readonly at: number };
  #last: Partial<StepFigures> & { readonly learningRate?: number } = {};

  private constructor(
    options: TrainOptions,
    settings: ResolvedSettings,
    params: TrainedParams,
    metrics: MetricsFile,
    { step, evaluation }: TrainingState,
  ) {
    const { checkpointSeconds = 60 } = options;
    const { warmupSteps, steps: totalSteps } = settings;
    this.#options = { ...options, checkpointSeconds };
    this.#settings = settings;
    this.#params = params;
    this.#metrics = metrics;
    this.#step = step;
    this.#evaluation = evaluation;
    this.#rateAt = warmupCosine({ peak: 1, warmupSteps, totalSteps });
    this.#begun = { step, at: performance.now() };
    this.#saved = this.#begun;
  }

  static async open(options: TrainOptions, settings: ResolvedSettings): Promise<TrainingRun> {
    const { folder, config, checkpointSeconds = 60 } = options;
    checkNumber('checkpointSeconds', checkpointSeconds, 0);
    const params = new TrainedParams(config, options.params, settings);
    try {
      const found = await withRunCheckpoint(folder, async (state, files) => {
        await params.restore(files);
        return state;
      });
      const state = (found ?? { step: 0, metricsBytes: 0 }) as TrainingState;
      const metrics = await MetricsFile.open(join(folder, 'metrics.jsonl'), state.metricsBytes);
      return new TrainingRun(options, settings, params, metrics, state);
    } catch (error) {
      params.dispose();
      throw error;
    }
  }

  /** Takes all steps that are left. */
  async finish(): Promise<TrainingResult> {
    const { steps } = this.#settings;
    const { signal, checkpointSeconds } = this.#options;
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
    return { params: this.#params.result(), steps, ...(evaluation && { evaluation }) };
  }

  get #evaluationIsDue(): boolean {
    const { steps, evaluateEvery } = this.#settings;
    const step = this.#step;
    if (this.#options.heldOut === undefined || step === 0) return false;
    return (step % evaluateEvery === 0 || step === steps) && this.#evaluation?.step !== step;
  }

  async #advance(): Promise<void> {
    const since = performance.now();
    const step = this.#step + 1;
    const rates = this.#ratesOf(step);
    const figures = await this.#params
      .step(this.#parts(step), rates, (found) => this.#requireFinite(`step ${step}`, found))
      .catch((error) => this.#tell(`step ${step}`, error));
    this.#step = step;
    this.#last = { ...figures, learningRate: rates.learningRate };
    const seconds = (performance.now() - since) / 1000;
    await this.#metrics.append({ step, ...this.#last, seconds });
    this.#report('train', step, this.#settings.steps);
  }

  #ratesOf(step: number): StepRates {
    const { learningRate, tableLearningRate, tableSchedule } = this.#settings;
    const share = this.#rateAt(step);
    return {
      learningRate: share * learningRate,
      tableLearningRate: tableSchedule === 'fixed' ? tableLearningRate : share * tableLearningRate,
    };
  }

  /** The windows of a step. */
  #parts(step: number): Windows[] {
    const { seed, batchSize, accumulate } = this.#settings;
    const { train, config } = this.#options;
    const length = config.context;
    const { inputs, targets } = trainingWindows(train, { rows: batchSize, length, seed, step });
    const rows = batchSize / accumulate;
    return Array.from({ length: accumulate }, (_, part) => {
      const [start, end] = [part * rows * length, (part + 1) * rows * length];
      return { rows, length, inputs: inputs.slice(start, end), targets: targets.slice(start, end) };
    });
  }

  async #evaluate(): Promise<void> {
    const { config, heldOut, signal } = this.#options;
    if (heldOut === undefined) return;
    const { batchSize, accumulate, evaluateWindows, steps } = this.#settings;
    const when = `the evaluation after step ${this.#step}`;
    const evaluation = await evaluateLanguageModel(this.#params.params, config, heldOut, {
      rows: batchSize / accumulate,
      ...(this.#step < steps && { windows: evaluateWindows }),
      signal,
      onProgress: (done, total) => this.#report('evaluate', done, total),
    }).catch((error) => this.#tell(when, error));
    this.#requireFinite(when, { loss: evaluation.loss });
    this.#evaluation = { step: this.#step, ...evaluation };
    await this.#metrics.append(this.#evaluation);
  }

  async #save(): Promise<void> {
    await this.#metrics.sync();
    const evaluation = this.#evaluation;
    const state: TrainingState = {
      ...{ step: this.#step, metricsBytes: this.#metrics.bytes },
      ...(evaluation && { evaluation }),
    };
    await writeRunCheckpoint(this.#options.folder, state, this.#params.save());
    this.#saved = { step: this.#step, at: performance.now() };
  }

  #report(phase: TrainingProgress['phase'], done: number, total: number): void {
    const { steps, batchSize } = this.#settings;
    const taken = this.#step - this.#begun.step;
    const pace = (performance.now() - this.#begun.at) / 1000 / taken;
    const evaluation = this.#evaluation;
    this.#options.onProgress?.({
      ...{ phase, done, total },
      ...this.#last,
      ...(taken > 0 && {
        remainingSeconds: pace * (steps - this.#step),
        tokensPerSecond: (batchSize * this.#options.config.context) / pace,
      }),
      ...(evaluation && { evaluation }),
    });
  }

  #requireFinite(when: string, figures: Partial<StepFigures>): void {
    for (const [name, value] of Object.entries(figures)) {
      if (!Number.isFinite(value)) throw this.#apart(`the ${name} of ${when} was ${value}`);
    }
  }

  /** A layer that picks by scores refuses those that are no numbers. */
  #tell(when: string, error: unknown): never {
    const cameApart = error instanceof RangeError && /NaN|Infinity/.test(error.message);
    throw cameApart ? this.#apart(`${when} had a NaN (${error.message})`) : error;
  }

  #apart(what: string): RunError {
    const { step } = this.#saved;
    const stays = `; the checkpoint of step ${step} stays in ${this.#options.folder}`;
    return new RunError(
      `${what}: the training has come apart; begin another with a lower learningRate or more warmupSteps${step === 0 ? '' : stays}`,
    );
  }

  async close(): Promise<void> {
    await this.#metrics.close();
    this.#params.dispose();
  }
}
