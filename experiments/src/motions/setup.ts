import { type RandomKey, randomKey } from '@neverend/backend';
import { type TRecViTConfig, trecvitConfig, type VideoInput } from '@neverend/trecvit';
import type { TrainSettings } from '@neverend/trecvit/training';
import { motionNames } from '@neverend/trecvit-motions';
import type { Difficulty } from './clips/scene.ts';

/** The model of all arms but for what mixes over time: TRecViT in its released form, as small as the time allows. */
export const config: TRecViTConfig = trecvitConfig('Ti', 'released', {
  ...{ layers: 2, width: 64, lruWidth: 128, mlpWidth: 256, heads: 4, headWidth: 128 },
  ...{ patch: 8, imageSize: [32, 32], pooling: 'average' },
  ...{ classes: motionNames.length, frames: 8 },
});

export const input: VideoInput = { framesPerSecond: 8, crop: 'centre', range: [-1, 1] };

const steps = { plain: 250, clips: 250 } as const;
const batchSize = 32;

/** The same for each arm. Clips come as they are: another crop or a mirror would make other motions of them. */
const shared: TrainSettings = {
  ...{ batchSize, weightDecay: 0.03, labelSmoothing: 0.1, clipNorm: 1 },
  ...{ scaleJitter: 'none', flips: 'none', clips: 1, crops: 1 },
};

/** Of the two stages of a training: plain clips first, then clips like those of the test. */
export const settings: Readonly<Record<StageName, TrainSettings>> = {
  plain: { ...shared, steps: steps.plain, learningRate: 4e-3, warmupSteps: 20 },
  clips: { ...shared, steps: steps.clips, learningRate: 4e-3, warmupSteps: 20 },
};

export type StageName = 'plain' | 'clips';

/** How many videos there are: one for each clip of a training, and those of the test. */
export const videos: Readonly<Record<StageName | 'held-out', number>> = {
  plain: batchSize * steps.plain,
  clips: batchSize * steps.clips,
  'held-out': 1000,
};

/** Seeds that count. The pilot's is none of them. */
export const seeds: readonly number[] = [1, 2, 3];

/** What a seed's training clips are a function of: the same clips in the same order for each arm. */
export const trainingKey = (seed: number, stage: StageName): RandomKey =>
  randomKey('motions', 'training', seed, stage);

/** The same held-out videos for all seeds. */
export const heldOutKey: RandomKey = randomKey('motions', 'held-out');

/** The harder, the nearer to 1 `level` is. */
export function difficultyAt(level: number): Difficulty {
  return {
    seconds: [2, 5],
    wholePicture: 0.5,
    drift: { probability: 0.5, speed: 0.4 * level },
    others: 0.6 * level,
    tremor: 0.02 * level,
    noise: 40 * level,
    light: 0.5 * level,
    dropped: 0.4 * level,
    cuts: true,
  };
}

/** Whole pictures that move evenly. Without them first, attention stays at chance for hundreds of steps. */
export const plain: Difficulty = {
  ...difficultyAt(0),
  ...{ cuts: false, wholePicture: 1, seconds: [1.2, 4] },
};
