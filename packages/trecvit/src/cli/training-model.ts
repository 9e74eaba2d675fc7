import { randomKey } from '@neverend/backend';
import { type TRecViTConfig, trecvitConfig } from '../config.ts';
import { officialInput, type VideoInput } from '../config-file.ts';
import { type Start, startFrom } from '../training/index.ts';
import { TRecViT } from '../trecvit.ts';
import type { TrainFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import type { CommandContext } from './run-command.ts';

/** The model that a training begins with, for these classes: a new one, or what fits of another. The caller's to dispose. */
export async function trainingModel(
  classNames: readonly string[],
  flags: TrainFlags,
  context: CommandContext,
): Promise<TRecViT> {
  const { from, size = 'Ti', form, seed = 0 } = flags;
  const key = randomKey(seed, 'model');
  const classes = classNames.length;
  if (from === undefined) {
    const config = trecvitConfig(size, form, { ...changesOf(flags), classes });
    return TRecViT.init(config, key, { input: inputOf(flags, officialInput), classNames });
  }
  const { model: other } = await openModel(from, flags, context);
  try {
    const config = { ...other.config, ...changesOf(flags), classes };
    const start = startFrom(other, config, key, { classNames });
    tell(start, context);
    return new TRecViT(config, start.params, { input: inputOf(flags, other.input), classNames });
  } finally {
    other.dispose();
  }
}

function changesOf({ imageSize, frames }: TrainFlags): Partial<TRecViTConfig> {
  return {
    ...(imageSize === undefined ? {} : { imageSize }),
    ...(frames === undefined ? {} : { frames }),
  };
}

function inputOf({ framesPerSecond, crop }: TrainFlags, input: VideoInput): VideoInput {
  return {
    ...input,
    ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
    ...(crop === undefined ? {} : { crop }),
  };
}

/** Says what was taken of a model, and what was not. */
function tell({ taken, interpolated, fresh, left }: Start, { note }: CommandContext): void {
  note(`taken: ${taken.length} parameters`);
  for (const name of interpolated) note(`interpolated: ${name}`);
  for (const { name, reason } of fresh) note(`new: ${name}, since ${reason}`);
  if (left.length > 0) note(`not taken: ${left.join(', ')}`);
}
