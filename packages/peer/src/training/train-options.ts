import type { Params } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { LanguageModelConfig } from '../language-model/config.ts';
import type { TokenStream } from '../text/token-stream.ts';
import type { Evaluation } from './evaluate.ts';
import type { TrainSettings } from './train-defaults.ts';
import type { StepFigures } from './trained-params.ts';

/** An evaluation of the text that is held out, and the step that it came after. */
export interface StepEvaluation extends Evaluation {
  readonly step: number;
}

/** How far a training is. */
export interface TrainingProgress extends Partial<StepFigures> {
  readonly phase: 'train' | 'evaluate';
  /** Steps that are done, or, in an evaluation, batches of windows. */
  readonly done: number;
  readonly total: number;
  /** Of the last step, where this process has done one. */
  readonly learningRate?: number;
  readonly tokensPerSecond?: number;
  /** Until the end of the training, at the pace so far. */
  readonly remainingSeconds?: number;
  /** The newest one. */
  readonly evaluation?: StepEvaluation;
}

/** One training, in one folder. */
export interface TrainOptions {
  readonly config: LanguageModelConfig;
  /** What it starts from, as `initParams` makes it. It becomes the training's: a large table is never there twice. */
  readonly params: Params;
  readonly train: TokenStream;
  /** A text that the model is not trained on. Default: none, and nothing is evaluated. */
  readonly heldOut?: TokenStream | undefined;
  readonly settings?: TrainSettings;
  /** What else the run is a function of, such as the tokenizer; it must be the same where a run goes on. */
  readonly about?: object;
  /** The folder of the run, which is made if it is missing. If it holds an earlier part of the same run, that goes on. */
  readonly folder: string;
  /** A checkpoint is written after a step once so many seconds went by since the last one, and at the end. Default: 60. */
  readonly checkpointSeconds?: number;
  /** Stops after the step that is under way, with a checkpoint; the same call goes on from there. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** What a training has come to. */
export interface TrainingResult {
  /** By the model's names; the caller's to dispose. */
  readonly params: Record<string, tf.Tensor>;
  readonly steps: number;
  /** After the last step, where a text is held out. */
  readonly evaluation?: StepEvaluation;
}
