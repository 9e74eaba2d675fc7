import type { TrainSettings } from './train-settings.ts';

/** The settings that do not depend on others or on the data. A module without imports, which a command line shows before anything is loaded. */
export const trainDefaults = {
  seed: 0,
  epochs: 30,
  batchSize: 8,
  accumulate: 1,
  learningRate: 1e-4,
  weightDecay: 0.03,
  labelSmoothing: 0.1,
  clipNorm: 1,
  averageDecay: 'none',
  scaleJitter: [0.875, 1.33],
  flips: 'none',
  frozen: [],
  clips: 4,
  crops: 3,
} as const satisfies Omit<TrainSettings, 'averageDecay'> & { averageDecay: 'none' };
