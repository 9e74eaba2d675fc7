/** The settings that depend neither on others nor on the data. A command line shows them before anything is loaded. */
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
} as const;
