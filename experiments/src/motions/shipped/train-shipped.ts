import { sincosPositions } from '@neverend/attention';
import { randomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import type { TrainingProgress } from '@neverend/trecvit/training';
import * as tf from '@tensorflow/tfjs-core';
import { initArm } from '../arms/arm-model.ts';
import { armTrainee } from '../arms/arm-trainee.ts';
import { ChosenMotions } from '../clips/chosen-motions.ts';
import type { Materials } from '../clips/materials.ts';
import { MotionClips } from '../clips/motion-clips.ts';
import type { Difficulty } from '../clips/scene.ts';
import type { Split } from '../clips/split.ts';
import { armStages } from '../run-arm.ts';
import { config, difficultyAt, input, plain, settings } from '../setup.ts';
import { type StagedResult, trainInStages } from '../train-in-stages.ts';
import { VariedClips } from './varied-clips.ts';

/** The seed of the experiment whose arm `lru` is trained on. */
const seed = 1;
const steps = { sizes: 150, varied: 1000 } as const;
/** Fast and plain changes of size. */
const sizes: Difficulty = { ...plain, zoom: 2, centred: true, seconds: [2, 3] };

/**
 * Trains the model of `@neverend/trecvit-motions`: the experiment's arm `lru`, and then longer and on clips of more kinds. Killed at any
 * moment, the next call goes on.
 */
export async function trainShipped(
  materials: Readonly<Record<Split, Materials>>,
  folder: string,
  onProgress?: (progress: TrainingProgress) => void,
): Promise<StagedResult> {
  const params = initArm('lru', randomKey('motions', 'parameters', seed), config);
  const varied = (split: Split, videos: number) =>
    new VariedClips(randomKey('motions', 'shipped', split), videos, materials[split]);
  try {
    return await trainInStages({
      model: armTrainee('lru', params, config, input),
      folder,
      stages: [
        ...armStages({ seed, difficulty: difficultyAt(0.125), materials }),
        {
          name: 'sizes',
          // Among all motions nearer and further stay mixed up for long.
          train: new ChosenMotions(
            new MotionClips(
              randomKey('motions', 'shipped', 'sizes'),
              4 * 32 * steps.sizes,
              materials.training,
              sizes,
            ),
            ['nearer', 'further'],
          ),
          begin: withPositions,
          settings: { ...settings.clips, seed, steps: steps.sizes },
        },
        {
          name: 'varied',
          train: varied('training', 32 * steps.varied),
          validate: varied('held-out', 480),
          settings: {
            ...settings.clips,
            ...{
              seed,
              steps: steps.varied,
              learningRate: 3e-3,
              averageDecay: 0.99,
              evaluateEvery: 200,
            },
          },
        },
      ],
      ...(onProgress && { onProgress }),
    });
  } finally {
    tf.dispose(params);
  }
}

/**
 * Adds sines and cosines to the positions. The official numbers are so small beside the patches' that a short training finds out what moves
 * which way, but not where: it could not tell nearer from further.
 */
function withPositions(params: Params): Record<string, tf.Tensor> {
  const name = 'tokenizer/pos_embedding';
  const [rows, columns] = config.imageSize.map((side) => side / config.patch) as [number, number];
  const placed = tf.tidy(() =>
    tf.add(params[name] as tf.Tensor, sincosPositions([rows, columns], config.width)),
  );
  return { ...params, [name]: placed };
}
