import { join } from 'node:path';
import { makeFolder } from '@neverend/checkpoint/node';
import { bytes, count, startBackend } from '@neverend/command-line';
import { DecodingPool, saveModel } from '../node/index.ts';
import {
  checkTraining,
  type Evaluation,
  type TrainingProgress,
  type TrainingResult,
  type TrainOptions,
  trainClassifier,
  trecvitTrainee,
} from '../training/index.ts';
import { resolveSettings } from '../training/train-settings.ts';
import { TRecViT } from '../trecvit.ts';
import { checkModel } from './check-inputs.ts';
import { namingFlags } from './flag-names.ts';
import type { TrainFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';
import { settingsOf } from './train-flags.ts';
import { trainingModel } from './training-model.ts';
import { type ListedVideos, listVideos, openVideos, tellVideos } from './training-videos.ts';
import { percent } from './verdict.ts';

/** All but the head. */
const body = ['tokenizer/', 'encoder/'];

/** Trains a model on videos, or goes on with it, and writes it into `model/` of the run's folder. */
export async function train(
  data: string,
  flags: TrainFlags,
  context: CommandContext,
): Promise<void> {
  await namingFlags(flags, async () => {
    const listed = await listVideos(data, flags);
    await makeFolder(flags.out);
    const pool = new DecodingPool();
    try {
      await trainOn(listed, pool, flags, context);
    } finally {
      await pool.dispose();
    }
  });
}

async function trainOn(
  listed: ListedVideos,
  pool: DecodingPool,
  flags: TrainFlags,
  context: CommandContext,
): Promise<void> {
  // To open very many videos takes hours: what can be wrong without them comes first.
  const unopened = await openVideos(listed, pool, 'unchecked', flags, silently(context));
  resolveSettings(settingsOf({ ...flags }), unopened.train);
  await checkModel(flags.from);
  const backend = await startBackend(flags, context);
  const model = await trainingModel(listed.classNames, flags, context);
  try {
    const options = optionsOf(model, flags, context);
    await checkTraining({ ...unopened, ...options });
    const broken = flags.unchecked ? 'unchecked' : flags.skipBroken ? 'skip' : 'refuse';
    const videos = await openVideos(listed, pool, broken, flags, context);
    tellVideos(videos, context);
    const { steps, evaluation, params } = await trainClassifier({ ...videos, ...options });
    const folder = join(flags.out, 'model');
    await save(params, model, folder);
    const peakResidentBytes = 1024 * process.resourceUsage().maxRSS;
    context.note(`peak memory of the process: ${bytes(peakResidentBytes)}`);
    const answer = { model: folder, backend: backend.name, steps, evaluation, peakResidentBytes };
    const told = evaluation === undefined ? '' : `, ${textOf(evaluation, model)}`;
    await context.print(
      flags.json ? `${JSON.stringify(answer)}\n` : `${folder}: ${count(steps, 'step')}${told}\n`,
    );
  } finally {
    model.dispose();
  }
}

const silently = ({ progress, signal }: CommandContext) => ({
  ...{ progress, signal },
  note: () => undefined,
});

function optionsOf(
  model: TRecViT,
  flags: TrainFlags,
  { signal, progress, note }: CommandContext,
): Omit<TrainOptions, 'train' | 'validate'> {
  const { freezeBody, out: folder, remat = false, checkpointSeconds } = flags;
  const settings = settingsOf({ ...flags });
  const frozen = [...(freezeBody ? body : []), ...(settings.frozen ?? [])];
  let told: TrainingProgress['evaluation'];
  return {
    ...{ folder, checkpointSeconds, signal },
    model: trecvitTrainee(model, { input: model.input, remat }),
    settings: { ...settings, frozen },
    onProgress: ({ phase, done, total, loss, learningRate, remainingSeconds, evaluation }) => {
      if (evaluation !== undefined && evaluation !== told) {
        told = evaluation;
        note(`step ${evaluation.step}: ${textOf(evaluation, model)}`);
      }
      const state =
        loss === undefined
          ? ''
          : `loss ${loss.toFixed(4)}, learning rate ${learningRate?.toExponential(1)}`;
      const detail = [phase === 'train' ? `step ${done} of ${total}` : '', state]
        .filter(Boolean)
        .join(', ');
      progress({
        ...{ title: phase, done, total, detail },
        ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
      });
    },
  };
}

async function save(
  params: TrainingResult['params'],
  { card }: TRecViT,
  folder: string,
): Promise<void> {
  const { config, ...notes } = card;
  const trained = new TRecViT(config, params, notes);
  try {
    await saveModel(trained, folder);
  } finally {
    trained.dispose();
  }
}

function textOf({ videos, top1, top5, loss }: Evaluation, { config }: TRecViT): string {
  // Among five classes or fewer the right one always is.
  const fifth = config.classes > 5 ? `, top-5 ${percent(top5)}` : '';
  return `top-1 ${percent(top1)}${fifth}, loss ${loss.toFixed(4)} on ${count(videos, 'video')}`;
}
