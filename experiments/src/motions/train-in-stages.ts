import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@neverend/checkpoint/node';
import type { Params } from '@neverend/nn';
import {
  type ClipSource,
  type Trainee,
  type TrainingProgress,
  type TrainSettings,
  trainClassifier,
} from '@neverend/trecvit/training';
import * as tf from '@tensorflow/tfjs-core';

/** A part of a training, with clips and settings of its own. */
export interface Stage {
  /** Names its folder. */
  readonly name: string;
  readonly train: ClipSource;
  readonly settings: TrainSettings;
  readonly validate?: ClipSource;
  /** Makes the parameters that this stage begins with from those before; it disposes none. Default: they stay as they are. */
  readonly begin?: (params: Params) => Record<string, tf.Tensor>;
}

export interface StagedTraining {
  readonly model: Trainee;
  /** In this order; each begins with what the one before came to. */
  readonly stages: readonly Stage[];
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** What all stages came to. */
export interface StagedResult {
  /** The caller's to dispose. */
  readonly params: Record<string, tf.Tensor>;
  readonly steps: number;
  /** Of all steps, also of those before a stop. */
  readonly seconds: number;
}

/** Trains a model in stages. Killed at any moment, the next call goes on. */
export async function trainInStages(training: StagedTraining): Promise<StagedResult> {
  const { model, stages, signal, onProgress } = training;
  let params = copied(model.params);
  let [steps, seconds] = [0, 0];
  for (const { name, begin, ...stage } of stages) {
    const folder = join(training.folder, name);
    const before = params;
    const first = begin === undefined ? before : begin(before);
    try {
      await makeFolder(folder);
      const trained = await trainClassifier({
        ...stage,
        ...{ folder, model: { ...model, params: first } },
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      });
      params = trained.params;
      steps += trained.steps;
      seconds += await secondsOf(folder);
    } finally {
      tf.dispose([before, first]);
    }
  }
  return { params, steps, seconds };
}

const copied = (params: Params): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, tf.clone(param)]));

async function secondsOf(folder: string): Promise<number> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const times = lines.map(
    (line) => (JSON.parse(line) as { readonly seconds?: number }).seconds ?? 0,
  );
  return times.reduce((sum, time) => sum + time, 0);
}
