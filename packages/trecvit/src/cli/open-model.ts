import { RunError } from '@neverend/checkpoint/node';
import { TRecViT } from '../trecvit.ts';
import type { ModelFlags } from './options.ts';
import { readLabels } from './read-labels.ts';
import type { CommandContext } from './run-command.ts';

/** A model, and where it came from. */
export interface OpenModel {
  /** The command's to dispose. */
  readonly model: TRecViT;
  readonly name: string;
  /** The probability of the likeliest class from which on the model is sure; 0 where nobody has found out. */
  readonly sureFrom: number;
}

/**
 * The model of a checkpoint, or the one of `@neverend/trecvit-motions`, with the names of the labels' file.
 *
 * @throws as `TRecViT.fromPretrained` and `readLabels` do. @throws RunError where there is neither.
 */
export async function openModel(
  checkpoint: string | undefined,
  { labels, offline, cache }: Pick<ModelFlags, 'labels' | 'offline' | 'cache'>,
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal'>,
): Promise<OpenModel> {
  const { name, from, sureFrom } =
    checkpoint === undefined
      ? await motions()
      : { name: checkpoint, from: checkpoint, sureFrom: 0 };
  const classNames = labels === undefined ? undefined : await readLabels(labels);
  const model = await TRecViT.fromPretrained(from, {
    ...{ signal, offline, cache },
    onProgress: ({ file, loaded, total }) => {
      if (total !== undefined) progress({ title: `load ${file}`, done: loaded, total });
    },
  });
  if (classNames === undefined) return { model, name, sureFrom };
  const { config, ...notes } = model.card;
  if (classNames.length !== config.classes) {
    model.dispose();
    throw new RunError(
      `${labels} names ${classNames.length} classes; the model has ${config.classes}`,
    );
  }
  return { model: new TRecViT(config, model.params, { ...notes, classNames }), name, sureFrom };
}

/** The model that is there where no other is named. */
async function motions(): Promise<{ name: string; from: URL; sureFrom: number }> {
  const name = '@neverend/trecvit-motions';
  try {
    const { folderUrl, sureFrom } = await import('@neverend/trecvit-motions');
    return { name, from: folderUrl(), sureFrom };
  } catch (cause) {
    throw new RunError(
      `without --checkpoint the model of ${name} is used, which is not installed; npm install ${name}`,
      { cause },
    );
  }
}
