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
  const { name, from } =
    checkpoint === undefined ? await motions() : { name: checkpoint, from: checkpoint };
  const classNames = labels === undefined ? undefined : await readLabels(labels);
  const model = await TRecViT.fromPretrained(from, {
    ...{ signal, offline, cache },
    onProgress: ({ file, loaded, total }) => {
      if (total !== undefined) progress({ title: `load ${file}`, done: loaded, total });
    },
  });
  if (classNames === undefined) return { model, name };
  const { config, ...notes } = model.card;
  if (classNames.length !== config.classes) {
    model.dispose();
    throw new RunError(
      `${labels} names ${classNames.length} classes; the model has ${config.classes}`,
    );
  }
  return { model: new TRecViT(config, model.params, { ...notes, classNames }), name };
}

/** The model that is there where no other is named. */
async function motions(): Promise<{ name: string; from: URL }> {
  const name = '@neverend/trecvit-motions';
  try {
    const { modelUrl } = await import('@neverend/trecvit-motions');
    return { name, from: modelUrl };
  } catch (cause) {
    throw new RunError(
      `without --checkpoint the model of ${name} is used, which is not installed; npm install ${name}`,
      { cause },
    );
  }
}
