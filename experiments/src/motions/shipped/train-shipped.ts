import { randomKey } from '@neverend/backend';
import { type TRecViTConfig, trecvitConfig, type VideoInput } from '@neverend/trecvit';
import type { TrainingProgress, TrainSettings } from '@neverend/trecvit/training';
import * as tf from '@tensorflow/tfjs-core';
import { initArm } from '../arms/arm-model.ts';
import { armTrainee } from '../arms/arm-trainee.ts';
import type { Materials, Split } from '../clips/materials.ts';
import { MotionClips } from '../clips/motion-clips.ts';
import { motionNames } from '../clips/motion-names.ts';
import { plain } from '../setup.ts';
import { type StagedResult, trainInStages } from '../train-in-stages.ts';
import { VariedClips } from './varied-clips.ts';

/** The experiment's arm `lru`, but deeper and with more pixels. */
export const shippedConfig: TRecViTConfig = trecvitConfig('Ti', 'released', {
  ...{ layers: 3, width: 64, lruWidth: 128, mlpWidth: 256, heads: 4, headWidth: 128 },
  ...{ patch: 12, imageSize: [48, 48], pooling: 'average' },
  ...{ classes: motionNames.length, frames: 8 },
});

export const shippedInput: VideoInput = { framesPerSecond: 8, crop: 'centre', range: [-1, 1] };

const shared: TrainSettings = {
  ...{ seed: 1, batchSize: 32, learningRate: 4e-3, warmupSteps: 20 },
  ...{ weightDecay: 0.03, labelSmoothing: 0.1, clipNorm: 1 },
  // A mirror swaps two motions, and makes a turn of a turn.
  ...{ scaleJitter: 'none', flips: [['left', 'right']], clips: 1, crops: 1 },
};
const steps = { plain: 150, varied: 1800 } as const;

/** Trains the model of `@neverend/trecvit-motions`. Killed at any moment, the next call goes on. */
export async function trainShipped(
  materials: Readonly<Record<Split, Materials>>,
  folder: string,
  onProgress?: (progress: TrainingProgress) => void,
): Promise<StagedResult> {
  const params = initArm('lru', randomKey('motions', 'shipped parameters'), shippedConfig);
  const varied = (split: Split, videos: number) =>
    new VariedClips(randomKey('motions', 'shipped', split), videos, materials[split]);
  const plainKey = randomKey('motions', 'shipped', 'plain');
  const trained = await trainInStages({
    model: armTrainee('lru', params, shippedConfig, shippedInput),
    folder,
    stages: [
      {
        name: 'plain',
        train: new MotionClips(plainKey, 32 * steps.plain, materials.training, plain),
        settings: { ...shared, steps: steps.plain },
      },
      {
        name: 'varied',
        train: varied('training', 32 * steps.varied),
        validate: varied('held-out', 480),
        settings: { ...shared, steps: steps.varied, averageDecay: 0.99, evaluateEvery: 300 },
      },
    ],
    ...(onProgress && { onProgress }),
  });
  tf.dispose(params);
  return trained;
}
