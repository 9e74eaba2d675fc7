import { saveModel } from '../node/index.ts';
import { parameterCount } from '../param-shapes.ts';
import { TRecViT } from '../trecvit.ts';
import type { ConvertFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import type { CommandContext } from './run-command.ts';
import { startBackend } from './start-backend.ts';
import { vitModel } from './vit-model.ts';
import { isNpz, writeNpz } from './write-npz.ts';

/** Writes a checkpoint in another format. */
export async function convert(
  from: string,
  to: string,
  flags: ConvertFlags,
  context: CommandContext,
): Promise<void> {
  // It keeps numbers as they are, and nothing is computed.
  await startBackend({ backend: 'cpu' }, { note: () => undefined });
  const model = flags.vit
    ? await vitModel(from, flags, context)
    : (await openModel(from, flags, context)).model;
  try {
    const { framesPerSecond = model.input.framesPerSecond, crop = model.input.crop } = flags;
    const { frames = model.config.frames } = flags;
    const input = { ...model.input, framesPerSecond, crop };
    const config = { ...model.config, frames };
    const { params, classNames } = model;
    if (isNpz(to)) {
      await writeNpz(to, params, context.signal);
      context.note(
        `${to} holds parameters alone; to convert it back, add ${classNames === undefined ? '' : '--labels <file> '}--frames ${frames} --frames-per-second ${framesPerSecond} --crop ${crop}`,
      );
    } else {
      await saveModel(
        new TRecViT(config, params, { input, ...(classNames && { classNames }) }),
        to,
      );
    }
    const parameters = parameterCount(config);
    const answer = { model: to, parameters, input, config };
    await context.print(
      flags.json
        ? `${JSON.stringify(answer)}\n`
        : `${to}: ${parameters.toLocaleString('en')} parameters\n`,
    );
  } finally {
    model.dispose();
  }
}
