import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCard, type VideoInput } from '../config-file.ts';
import { readParams } from '../read-params.ts';
import { TRecViT } from '../trecvit.ts';
import type { ModelFlags } from './options.ts';
import { readLabels } from './read-labels.ts';
import type { CommandContext } from './run-command.ts';

/** A model as a command works with it. */
export interface OpenModel {
  /** The command's to dispose. */
  readonly model: TRecViT;
  /** Where it came from. */
  readonly name: string;
  readonly input: VideoInput;
  readonly classNames?: readonly string[];
  /** Below this probability of the likeliest class the model is not sure. */
  readonly threshold?: number;
}

/** The model of a checkpoint, or the one of `@neverend/trecvit-motions`. */
export async function openModel(
  checkpoint: string | undefined,
  { labels }: Pick<ModelFlags, 'labels' | 'offline' | 'cache'>,
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal' | 'note'>,
): Promise<OpenModel> {
  const name = checkpoint as string;
  const { config, input, classNames } = readCard(await readFile(join(name, 'config.json'), 'utf8'));
  const params = await readParams(await openAsBlob(join(name, 'model.safetensors')), config, {
    signal,
    onProgress: ({ done, total }) => progress({ title: `load ${name}`, done, total }),
  });
  const model = new TRecViT(config, params);
  const names = labels === undefined ? classNames : await readLabels(labels, config.classes);
  return { model, name, input, ...(names && { classNames: names }) };
}
