import { join } from 'node:path';
import { DecodingPool, saveModel } from '../node/index.ts';
import {
  type Evaluation,
  type TrainingProgress,
  type TrainingResult,
  trainClassifier,
  trecvitTrainee,
} from '../training/index.ts';
import { TRecViT } from '../trecvit.ts';
import type { TrainFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';
import { startBackend } from './start-backend.ts';
import { settingsOf } from './train-flags.ts';
import { trainingModel } from './training-model.ts';
import { type TrainingVideos, trainingVideos } from './training-videos.ts';
import { bytes } from './units.ts';
import { percent } from './verdict.ts';

/** All but the head. */
const body = ['tokenizer/', 'encoder/'];

/** Trains a model on videos, or goes on with it, and writes it into `model/` of the run's folder. */
export async function train(
  data: string,
  flags: TrainFlags,
  context: CommandContext,
): Promise<void> {
  const backend = await startBackend(flags, context);
  const pool = new DecodingPool();
  try {
    const videos = await trainingVideos(data, pool, flags, context);
    const model = await trainingModel(videos.train.classNames, flags, context);
    try {
      const { steps, evaluation, ...result } = await run(model, videos, flags, context);
      const folder = join(flags.out, 'model');
      await save(result.params, model, folder);
      const peakResidentBytes = 1024 * process.resourceUsage().maxRSS;
      context.note(`peak memory of the process: ${bytes(peakResidentBytes)}`);
      const answer = { model: folder, backend: backend.name, steps, evaluation, peakResidentBytes };
      const told = evaluation === undefined ? '' : `, ${textOf(evaluation)}`;
      await context.print(
        flags.json ? `${JSON.stringify(answer)}\n` : `${folder}: ${steps} steps${told}\n`,
      );
    } finally {
      model.dispose();
    }
  } finally {
    await pool.dispose();
  }
}

async function run(
  model: TRecViT,
  videos: TrainingVideos,
  flags: TrainFlags,
  { signal, progress, note }: CommandContext,
): Promise<TrainingResult> {
  const { freezeBody, out: folder, remat = false, checkpointSeconds } = flags;
  const settings = settingsOf({ ...flags });
  const frozen = [...(freezeBody ? body : []), ...(settings.frozen ?? [])];
  let told: TrainingProgress['evaluation'];
  return await trainClassifier({
    ...videos,
    ...{ folder, checkpointSeconds, signal },
    model: trecvitTrainee(model, { input: model.input, remat }),
    settings: { ...settings, frozen },
    onProgress: ({ phase, done, total, loss, learningRate, remainingSeconds, evaluation }) => {
      if (evaluation !== undefined && evaluation !== told) {
        told = evaluation;
        note(`step ${evaluation.step}: ${textOf(evaluation)}`);
      }
      const state =
        loss === undefined ? '' : `loss ${loss.toFixed(4)}, rate ${learningRate?.toExponential(1)}`;
      const detail = [phase === 'train' ? `step ${done} of ${total}` : '', state]
        .filter(Boolean)
        .join(', ');
      progress({
        ...{ title: phase, done, total, detail },
        ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
      });
    },
  });
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

function textOf({ videos, top1, top5, loss }: Evaluation): string {
  return `top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)} on ${videos} videos`;
}
