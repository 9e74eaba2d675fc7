import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { startBackend } from '@neverend/command-line';
import { saveModel } from '../node/index.ts';
import { parameterCount } from '../param-shapes.ts';
import { TRecViT } from '../trecvit.ts';
import { fileError } from './file-error.ts';
import type { ConvertFlags } from './flags.ts';
import { openModel } from './open-model.ts';
import type { CommandContext } from './run-command.ts';
import { vitModel } from './vit-model.ts';
import { isNpz, writeNpz } from './write-npz.ts';

/** @throws RunError where a file cannot be put there, before minutes went by. */
async function checkTarget(to: string): Promise<void> {
  const found = await stat(to).catch(() => undefined);
  if (!isNpz(to)) {
    if (found?.isFile())
      throw new RunError(`${to} is a file; it must be a folder, or not exist yet`);
    return;
  }
  if (found?.isDirectory())
    throw new RunError(`${to} is a folder; it must be a file, or not exist yet`);
  const folder = dirname(to);
  await stat(folder).catch((cause: unknown) => {
    throw fileError(folder, `the folder for ${basename(to)}`, cause);
  });
}

/** Writes a checkpoint in another format. */
export async function convert(
  from: string,
  to: string,
  flags: ConvertFlags,
  context: CommandContext,
): Promise<void> {
  await checkTarget(to);
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
    const answer = { model: to, parameters, ...(isNpz(to) ? {} : { input, config }) };
    await context.print(
      flags.json
        ? `${JSON.stringify(answer)}\n`
        : `${to}: ${parameters.toLocaleString('en')} parameters\n`,
    );
  } finally {
    model.dispose();
  }
}
