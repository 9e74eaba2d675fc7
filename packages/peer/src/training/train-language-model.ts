import { createHash } from 'node:crypto';
import { checkOptions, described } from '@neverend/backend';
import {
  checkRunSettings,
  keepRunSettings,
  lockFolder,
  makeFolder,
  removeRunLeftovers,
} from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig } from '../language-model/config.ts';
import { checkParams, specialParams } from '../language-model/params.ts';
import type { TokenStream } from '../text/token-stream.ts';
import { trainingWindows } from '../text/windows.ts';
import { checkStream, noneForetold } from './check-stream.ts';
import type { TrainingResult, TrainOptions } from './train-options.ts';
import { type ResolvedSettings, resolveSettings } from './train-settings.ts';
import { TrainingRun } from './training-run.ts';

const fields: readonly (keyof TrainOptions)[] = [
  ...(['config', 'params', 'train', 'heldOut', 'settings', 'about', 'folder'] as const),
  ...(['checkpointSeconds', 'signal', 'onProgress'] as const),
];

/**
 * Trains a language model: AdamW on what is no table, and a row optimiser on tables, each with its own learning rate and its own clipping; warm-up and cosine.
 *
 * In the folder lie `settings.json`, the checkpoint, which is replaced in one step, and `metrics.jsonl`: for each step its loss, learning rate, gradient norms and
 * seconds, and each evaluation. Windows are a function of the seed and the step alone, so that a run that was killed at any moment goes on to the same
 * losses, bit for bit on one machine and backend.
 *
 * @throws RunError when the folder is in use, holds a run with other settings, sizes or texts, or a loss is not finite; the last checkpoint stays.
 * @throws RangeError | ShapeError | TypeError naming a setting or an option. @throws the signal's reason. The parameters are disposed then, too.
 */
export async function trainLanguageModel(options: TrainOptions): Promise<TrainingResult> {
  try {
    const settings = checkedSettings('trainLanguageModel', options);
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
  } finally {
    tf.dispose(Object.values(options?.params ?? {}));
  }
}

/**
 * Throws what `trainLanguageModel` would before its first step. The parameters stay the caller's.
 *
 * @throws RunError when the folder holds a run with other settings. @throws RangeError | ShapeError | TypeError naming a setting.
 */
export async function checkTraining(options: TrainOptions): Promise<void> {
  const settings = checkedSettings('checkTraining', options);
  await makeFolder(options.folder);
  await checkRunSettings(options.folder, await settingsFile(options, settings));
}

function checkedSettings(name: string, options: TrainOptions): ResolvedSettings {
  checkOptions(name, options, fields);
  const { config, params, train, heldOut, settings = {}, folder } = options;
  if (typeof folder !== 'string' || folder === '') {
    throw new TypeError(`folder was ${described(folder)}; it must be the path of a folder`);
  }
  checkConfig(config);
  checkParams(config, params);
  checkStream('train', train, config);
  trainingWindows(train, { rows: 1, length: config.context, seed: 0, step: 0 });
  if (heldOut !== undefined) {
    checkStream('heldOut', heldOut, config);
    const { tokens, boundary } = heldOut;
    if (!tokens.subarray(1).some((token) => token !== boundary)) {
      throw noneForetold('heldOut', heldOut);
    }
  }
  return resolveSettings(settings);
}

/** What a run is a function of. */
async function settingsFile(
  { config, params, train, heldOut, about }: TrainOptions,
  settings: ResolvedSettings,
): Promise<object> {
  const { tables } = specialParams(config);
  const start = Object.keys(params)
    // Large, and a function of the same key as the others where they are new.
    .filter((name) => !tables.includes(name))
    .sort();
  const hash = createHash('sha256');
  for (const name of start) {
    hash.update(`${name}\n`).update(bytesOf(await (params[name] as tf.Tensor).data<'float32'>()));
  }
  return {
    format: 'neverend-peer-training-1',
    backend: tf.getBackend(),
    ...{ config, settings },
    ...(about && { about }),
    start: hash.digest('hex').slice(0, 16),
    train: describe(train),
    ...(heldOut && { heldOut: describe(heldOut) }),
  };
}

function describe({ tokens }: TokenStream): object {
  return {
    tokens: tokens.length,
    sha256: createHash('sha256').update(bytesOf(tokens)).digest('hex').slice(0, 16),
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
