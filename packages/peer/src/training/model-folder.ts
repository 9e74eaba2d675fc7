import { join } from 'node:path';
import { BackendError } from '@neverend/backend';
import { CheckpointError } from '@neverend/checkpoint';
import {
  hasCode,
  makeFolder,
  openSafetensorsFile,
  readFileIfPresent,
  writeFileAtomic,
  writeSafetensors,
} from '@neverend/checkpoint/node';
import { readTensor } from '@neverend/checkpoint/tensors';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, type LanguageModelConfig } from '../language-model/config.ts';
import { LanguageModel } from '../language-model/model.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { tokenizerJson, tokenizerOfJson } from '../text/tokenizer-json.ts';

/** A model, and what makes its tokens. */
export interface SavedModel {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
}

const format = 'neverend-peer-1';
const weightsFile = 'model.safetensors';

/**
 * Writes a model into a folder. All of it is in `model.safetensors`, which takes its place in one step, its sizes and its tokenizer with it; `config.json` and
 * `tokenizer.json` beside it are the same for people and other programs.
 *
 * @param folder made where there is none. @throws RangeError where the tokenizer is another model's. @throws the file system's error.
 */
export async function saveLanguageModel(
  { model, tokenizer }: SavedModel,
  folder: string,
): Promise<void> {
  const { vocabulary } = model.config;
  if (tokenizer.vocabulary !== vocabulary) {
    throw new RangeError(
      `tokenizer had ${tokenizer.vocabulary} tokens; the model has ${vocabulary}`,
    );
  }
  await makeFolder(folder);
  const config = JSON.stringify({ format, ...model.config }, null, 2);
  const tokens = JSON.stringify(tokenizerJson(tokenizer));
  const metadata = { config, tokenizer: tokens };
  await writeSafetensors(join(folder, weightsFile), model.params, metadata);
  await writeFileAtomic(join(folder, 'config.json'), `${config}\n`);
  await writeFileAtomic(join(folder, 'tokenizer.json'), `${tokens}\n`);
}

/**
 * Reads what `saveLanguageModel` wrote.
 *
 * @param path of the folder, or of its `model.safetensors`. @throws CheckpointError where it is missing or something else.
 */
export async function loadLanguageModel(path: string): Promise<SavedModel> {
  const file = path.endsWith('.safetensors') ? path : join(path, weightsFile);
  const opened = await openSafetensorsFile(file).catch((cause) => {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) throw cause;
    throw new CheckpointError(`there is no model in ${path}: ${file} does not exist`, { cause });
  });
  const params: Record<string, tf.Tensor> = {};
  try {
    const config = configOf(opened.metadata['config']);
    const tokenizer = tokenizerOfJson(JSON.parse(opened.metadata['tokenizer'] ?? 'null'));
    if (tokenizer.vocabulary !== config.vocabulary) {
      throw new CheckpointError(
        `its tokenizer has ${tokenizer.vocabulary} tokens, and its model ${config.vocabulary}`,
      );
    }
    for (const name of opened.names) params[name] = await readTensor(opened, name);
    return { model: new LanguageModel(config, params), tokenizer };
  } catch (cause) {
    tf.dispose(params);
    if (BackendError.isInstance(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(`${file} holds no language model: ${reason}`, { cause });
  } finally {
    await opened.close();
  }
}

/** Reads the sizes of a model alone, from `config.json`. @param path of the folder. @throws CheckpointError where there is none. */
export async function readModelConfig(path: string): Promise<LanguageModelConfig> {
  const file = join(path, 'config.json');
  const bytes = await readFileIfPresent(file);
  if (bytes === undefined)
    throw new CheckpointError(`there is no model in ${path}: ${file} does not exist`);
  try {
    return configOf(new TextDecoder().decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(`${file} is of no language model: ${reason}`, { cause });
  }
}

function configOf(text: string | undefined): LanguageModelConfig {
  const { format: found, ...config } = JSON.parse(text ?? '{}');
  if (found !== format) {
    throw new CheckpointError(`its format is ${JSON.stringify(found)}; it must be "${format}"`);
  }
  checkConfig(config);
  return config;
}
