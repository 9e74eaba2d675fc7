import * as tf from '@tensorflow/tfjs-core';
import { type TRecViTConfig, type TRecViTForm, type TRecViTSize, trecvitConfig } from '../config.ts';
import { productFlops, stateBytes } from '../costs.ts';
import { parameterCount, paramShapes } from '../param-shapes.ts';
import { TRecViT } from '../trecvit.ts';
import type { InfoFlags } from './info-command.ts';
import { measureClip, measureStream } from './measure-model.ts';
import { openModel } from './open-model.ts';
import type { CommandContext } from './run-command.ts';
import { startBackend } from './start-backend.ts';
import { table } from './table.ts';
import { bytes, withPrefix } from './units.ts';

/** Prints what a model is and costs, or all sizes side by side. */
export async function info(
  checkpoint: string | undefined,
  flags: InfoFlags,
  context: CommandContext,
): Promise<void> {
  if (checkpoint === undefined && flags.size === undefined) return await listSizes(flags, context);
  const backend = await startBackend(flags, context);
  const { model, about } = await modelOf(checkpoint, flags, context);
  try {
    context.note('measuring');
    const stream = await measureStream(model, context.signal);
    const clip = flags.clip ? await measureClip(model, context.signal) : undefined;
    const { config } = model;
    const costs = costsOf(config);
    if (flags.json) {
      const answer = { ...about, backend, config, ...costs, stream, ...(clip && { clip }) };
      await context.print(`${JSON.stringify(answer)}\n`);
      return;
    }
    const [rows, columns] = config.imageSize;
    const measured = (what: string, { peakBytes, millisecondsPerFrame }: typeof stream) => [
      [`peak memory of ${what}`, `${bytes(peakBytes)} beside the weights`],
      [`time of ${what}`, `${millisecondsPerFrame.toPrecision(3)} ms a frame`],
    ];
    const lines = [
      ['model', about.name],
      ['classes', classesOf(config, about.classNames)],
      ['video', `${config.frames} frames of ${rows} x ${columns}${rateOf(about.input)}`],
      ['parameters', `${costs.parameters.toLocaleString('en')} (${bytes(costs.weightBytes)})`],
      ['products of a frame', withPrefix(costs.flopsPerFrame, 'FLOP')],
      [`products of a clip`, withPrefix(costs.flopsPerClip, 'FLOP')],
      ['state of a stream', bytes(costs.stateBytes)],
      ...measured('a frame of a stream', stream),
      ...(clip === undefined ? [] : measured('a clip', clip)),
      ['backend', `${backend.name} ${backend.version} (${backend.device})`],
    ];
    await context.print(table(lines, { numbers: false }));
  } finally {
    model.dispose();
  }
}
