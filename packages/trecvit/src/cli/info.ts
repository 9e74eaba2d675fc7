import { type Backend, bytes, startBackend, table, withPrefix } from '@neverend/command-line';
import * as tf from '@tensorflow/tfjs-core';
import { type TRecViTConfig, trecvitConfig } from '../config.ts';
import type { ModelCard } from '../config-file.ts';
import { productFlops, stateBytes } from '../costs.ts';
import { type InferenceMemory, inferenceMemory } from '../inference-memory.ts';
import { parameterCount, paramShapes } from '../param-shapes.ts';
import { TRecViT } from '../trecvit.ts';
import { checkModel } from './check-inputs.ts';
import type { InfoFlags } from './flags.ts';
import { type OpenModel, openModel } from './open-model.ts';
import type { CommandContext } from './run-command.ts';

/** Prints what a model is and costs, or all sizes side by side. */
export async function info(
  checkpoint: string | undefined,
  flags: InfoFlags,
  context: CommandContext,
): Promise<void> {
  await checkModel(checkpoint);
  const backend = await startBackend(flags, context);
  if (checkpoint === undefined && flags.size === undefined) {
    await listSizes(backend, flags, context);
    return;
  }
  const { model, name } = await subjectOf(checkpoint, flags, context);
  try {
    const memory = {
      frame: inferenceMemory(model, { frames: 1 }),
      ...(flags.clip && { clip: inferenceMemory(model) }),
    };
    const { card } = model;
    const costs = costsOf(card.config);
    const answer = { name, backend, ...card, ...costs, memory };
    await context.print(flags.json ? `${JSON.stringify(answer)}\n` : textOf(answer));
  } finally {
    model.dispose();
  }
}

async function subjectOf(
  checkpoint: string | undefined,
  flags: InfoFlags,
  context: CommandContext,
): Promise<Pick<OpenModel, 'model' | 'name'>> {
  const { size, form = 'released' } = flags;
  if (size === undefined) return await openModel(checkpoint, flags, context);
  const config = trecvitConfig(size, form);
  // What a pass takes does not depend on the numbers.
  const zeros = Object.entries(paramShapes(config)).map(
    ([name, shape]) => [name, tf.zeros([...shape])] as const,
  );
  const model = new TRecViT(config, Object.fromEntries(zeros));
  return { model, name: `TRecViT-${size}, ${form} form` };
}

/** What a model costs by its configuration alone. */
function costsOf(config: TRecViTConfig) {
  const parameters = parameterCount(config);
  return {
    parameters,
    weightBytes: 4 * parameters,
    flopsPerFrame: productFlops(config, 1),
    flopsPerClip: productFlops(config),
    stateBytes: stateBytes(config),
  };
}

type Answer = ModelCard &
  ReturnType<typeof costsOf> & {
    readonly name: string;
    readonly backend: Backend;
    readonly memory: { readonly frame: InferenceMemory; readonly clip?: InferenceMemory };
  };

function textOf(answer: Answer): string {
  const { name, config, input, classNames, backend, memory, ...costs } = answer;
  const [rows, columns] = config.imageSize;
  const names = classNames === undefined ? '' : `: ${classNames.slice(0, 8).join(', ')}`;
  const more = classNames !== undefined && classNames.length > 8 ? ', …' : '';
  const rate = `${input.framesPerSecond} a second`;
  return table(
    [
      ['model', name],
      ['classes', `${config.classes}${names}${more}`],
      ['video', `clips of ${config.frames} frames of ${rows} x ${columns} pixels at ${rate}`],
      ['parameters', `${costs.parameters.toLocaleString('en')} (${bytes(costs.weightBytes)})`],
      ['FLOPs of a frame', withPrefix(costs.flopsPerFrame, 'FLOP')],
      ['FLOPs of a clip', withPrefix(costs.flopsPerClip, 'FLOP')],
      ['state of a stream', bytes(costs.stateBytes)],
      ['peak memory of a frame', peakOf(memory.frame)],
      ...(memory.clip === undefined ? [] : [['peak memory of a clip', peakOf(memory.clip)]]),
      ['backend', describe(backend)],
    ],
    { numbers: false },
  );
}

const peakOf = ({ peak, packed, weights }: InferenceMemory): string =>
  `${bytes(peak)}, with the weights' ${bytes(weights)}${packed === 0 ? '' : ` and ${bytes(packed)} of packed copies`} (of tensors, measured)`;

async function listSizes(
  backend: Backend,
  { json }: InfoFlags,
  { print }: CommandContext,
): Promise<void> {
  const models = (['released', 'paper'] as const).flatMap((form) =>
    (['Ti', 'S', 'B', 'L'] as const).map((size) => {
      return { size, form, ...costsOf(trecvitConfig(size, form)) };
    }),
  );
  if (json) {
    await print(`${JSON.stringify({ backend, models })}\n`);
    return;
  }
  const rows = models.map((model) => [
    `${model.size}, ${model.form}`,
    withPrefix(model.parameters),
    bytes(model.weightBytes),
    withPrefix(model.flopsPerFrame, 'FLOP'),
    withPrefix(model.flopsPerClip, 'FLOP'),
    bytes(model.stateBytes),
  ]);
  const head = [
    'TRecViT',
    'parameters',
    'weights',
    'FLOPs of a frame',
    'of a clip',
    'state of a stream',
  ];
  await print(
    `${table([head, ...rows])}400 classes, clips of 32 frames of 224 x 224 pixels; backend: ${describe(backend)}\n`,
  );
}

const describe = ({ name, version, device }: Backend): string => `${name} ${version} (${device})`;
