import { createHash } from 'node:crypto';
import { checkOptions } from '@neverend/backend';
import {
  checkRunSettings,
  keepRunSettings,
  lockFolder,
  makeFolder,
  removeRunLeftovers,
} from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { type ClipSource, checkSource } from './clip-source.ts';
import type { TrainingResult, TrainOptions } from './train-options.ts';
import { type ResolvedSettings, resolveSettings } from './train-settings.ts';
import type { Trainee } from './trainee.ts';
import { TrainingRun } from './training-run.ts';

const fields: readonly (keyof TrainOptions)[] = [
  ...(['model', 'train', 'validate', 'settings', 'folder', 'checkpointSeconds'] as const),
  ...(['ahead', 'signal', 'onProgress'] as const),
];

/**
 * Trains a classifier of videos by AdamW: warm-up and cosine, label smoothing, clipped gradients, scale jitter and crops, flips where
 * the settings allow them. RandAugment, which the paper has for one of its data sets without telling its magnitudes, is left out, and
 * so is dropout in the head.
 *
 * In the folder lie `settings.json`, the checkpoint, which is replaced in one step, and `metrics.jsonl`: for each step its loss, learning
 * rate, gradient norm and seconds, and each evaluation. What is drawn at random is a function of the seed and the step alone, so that
 * a run that was killed at any moment goes on to the same losses, bit for bit on one machine and backend.
 *
 * @throws RunError when the folder is in use, holds a run with other settings, or a loss is not finite; the last checkpoint stays.
 * @throws RangeError | ShapeError | TypeError naming a setting. @throws as the sources do. @throws the signal's reason.
 */
export async function trainClassifier(options: TrainOptions): Promise<TrainingResult> {
  const settings = checkedSettings('trainClassifier', options);
  const { folder } = options;
  await makeFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    await keepRunSettings(folder, await settingsFile(options, settings));
    await removeRunLeftovers(folder);
    const run = await TrainingRun.open(options, settings);
    try {
      return await run.finish();
    } finally {
      await run.close();
    }
  } finally {
    unlock();
  }
}

/**
 * Throws what `trainClassifier` would before its first step, without a look at a video: so that sources of very many need not be checked
 * before a wrong setting is found.
 *
 * @param options those of the training; its folder is made where it is missing.
 * @throws RunError when the folder holds a run with other settings. @throws RangeError | ShapeError | TypeError naming a setting.
 */
export async function checkTraining(options: TrainOptions): Promise<void> {
  const settings = checkedSettings('checkTraining', options);
  const { folder } = options;
  await makeFolder(folder);
  await checkRunSettings(folder, await settingsFile(options, settings));
}

function checkedSettings(name: string, options: TrainOptions): ResolvedSettings {
  checkOptions(name, options, fields);
  const { train, validate } = options;
  checkSource('train', train);
  if (train.classNames.length < 2) {
    throw new RangeError(
      `train had one class (${train.classNames.join()}); a classifier needs two or more`,
    );
  }
  if (validate !== undefined) {
    checkSource('validate', validate);
    if (validate.classNames.join('\n') !== train.classNames.join('\n')) {
      throw new RangeError(
        `validate had the classes ${validate.classNames.join(', ')}; it must have those of train: ${train.classNames.join(', ')}`,
      );
    }
  }
  return resolveSettings(options.settings ?? {}, train);
}

/** What a run is a function of. */
async function settingsFile(
  { model, train, validate }: TrainOptions,
  settings: ResolvedSettings,
): Promise<object> {
  return {
    format: 'neverend-training-1',
    backend: tf.getBackend(),
    settings,
    video: model.format,
    model: await digestOf(model),
    train: describe(train),
    ...(validate && { validate: describe(validate) }),
  };
}

function describe({ classNames, labels, fingerprint }: ClipSource): object {
  const sha256 = createHash('sha256').update(labels.join()).digest('hex');
  return {
    ...{ classNames, videos: labels.length, labels: sha256 },
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

/** Names and numbers of the parameters that a training starts from. */
async function digestOf({ params }: Trainee): Promise<object> {
  const hash = createHash('sha256');
  for (const name of Object.keys(params).sort()) {
    const param = params[name] as tf.Tensor;
    hash.update(`${name} ${param.shape}\n`);
    const { buffer, byteOffset, byteLength } = await param.data<'float32'>();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return { sha256: hash.digest('hex') };
}
