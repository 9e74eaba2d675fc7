import type * as tf from '@tensorflow/tfjs-core';
import type { ClipSource } from './clip-source.ts';
import type { TrainSettings } from './train-defaults.ts';
import type { Trainee } from './trainee.ts';
import type { StepEvaluation } from './training-state.ts';

/** How far a training is. */
export interface TrainingProgress {
  readonly phase: 'train' | 'evaluate';
  /** Steps that are done, or, in an evaluation, videos. */
  readonly done: number;
  readonly total: number;
  /** Of the last step, where this process has done one. */
  readonly loss?: number;
  readonly learningRate?: number;
  readonly gradientNorm?: number;
  /** Until the end of the training, at the pace so far. */
  readonly remainingSeconds?: number;
  /** The newest one. */
  readonly evaluation?: StepEvaluation;
}

/** One training, in one folder. */
export interface TrainOptions {
  readonly model: Trainee;
  readonly train: ClipSource;
  /** Videos that the model is not trained on. Default: none, and nothing is evaluated. */
  readonly validate?: ClipSource;
  readonly settings?: TrainSettings;
  /** The folder of the run, which is made if it is missing. If it holds an earlier part of the same run, that goes on. */
  readonly folder: string;
  /** A checkpoint is written after a step once so many seconds went by since the last one, and at the end. Default: 60. */
  readonly checkpointSeconds?: number;
  /** How many clips are read before they are needed. Default: two steps'. */
  readonly ahead?: number;
  /** Stops after the step that is under way, with a checkpoint; the same call goes on from there. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** What a training has come to. */
export interface TrainingResult {
  /** All parameters by the model's names, their averages where these are kept; the caller's to dispose. */
  readonly params: Record<string, tf.Tensor>;
  readonly steps: number;
  /** After the last step, where there are videos to validate with. */
  readonly evaluation?: StepEvaluation;
}
