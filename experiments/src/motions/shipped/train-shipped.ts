import { randomKey } from '@neverend/backend';
import { type TRecViTConfig, trecvitConfig, type VideoInput } from '@neverend/trecvit';
import {
  type TrainingProgress,
  type TrainingResult,
  type TrainSettings,
  trainClassifier,
} from '@neverend/trecvit/training';
import { initArm } from '../arms/arm-model.ts';
import { armTrainee } from '../arms/arm-trainee.ts';
import { type Materials, type Split } from '../clips/materials.ts';
import { motionNames } from '../clips/motion-names.ts';
import { VariedClips } from './varied-clips.ts';

/** The experiment's arm `lru`, but deeper and with more pixels. */
export const shippedConfig: TRecViTConfig = trecvitConfig('Ti', 'released', {
  ...{ layers: 3, width: 64, lruWidth: 128, mlpWidth: 256, heads: 4, headWidth: 128 },
  ...{ patch: 12, imageSize: [48, 48], pooling: 'average' },
  ...{ classes: motionNames.length, frames: 8 },
});

export const shippedInput: VideoInput = { framesPerSecond: 8, crop: 'centre', range: [-1, 1] };

const settings: TrainSettings = {
  ...{ seed: 1, steps: 2600, batchSize: 32, learningRate: 4e-3, warmupSteps: 40 },
  ...{ weightDecay: 0.03, labelSmoothing: 0.1, clipNorm: 1, averageDecay: 0.99 },
  // A mirror swaps two motions, and makes a turn of a turn.
  ...{ scaleJitter: 'none', flips: [['left', 'right']], clips: 1, crops: 1, evaluateEvery: 250 },
};

/** Trains the model of `@neverend/trecvit-motions`. Killed at any moment, the next call goes on. */
export async function trainShipped(
  materials: Readonly<Record<Split, Materials>>,
  folder: string,
  onProgress?: (progress: TrainingProgress) => void,
): Promise<TrainingResult> {
  const params = initArm('lru', randomKey('motions', 'shipped parameters'), shippedConfig);
  const clips = (split: Split, videos: number) =>
    new VariedClips(randomKey('motions', 'shipped', split), videos, materials[split]);
  return trainClassifier({
    model: armTrainee('lru', params, shippedConfig, shippedInput),
    ...{ train: clips('training', 83_200), validate: clips('held-out', 480), settings, folder },
    ...(onProgress && { onProgress }),
  });
}
