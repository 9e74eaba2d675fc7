import type { VitOptions } from './learners/backbone.ts';
import type { SearchSettings } from './learners/search-task.ts';
import type { LearnerSettings, RunSettings } from './settings.ts';

/** A preset, but for the seed, which is the caller's. */
export type Preset = Omit<RunSettings, 'preset' | 'seed'> & { readonly summary: string };

function threeLearners(
  vit: VitOptions,
  search: Omit<SearchSettings, 'learningRates'>,
): readonly LearnerSettings[] {
  const vitSearch = { ...search, learningRates: [1e-3, 3e-3, 9e-3] };
  return [
    {
      name: 'independent',
      title: 'Independent',
      rule: 'independent',
      backbone: { kind: 'vit', ...vit },
      search: vitSearch,
    },
    {
      name: 'finetune-previous',
      title: 'Fine-tuning from previous',
      rule: 'finetune-previous',
      backbone: { kind: 'vit', ...vit },
      search: vitSearch,
    },
    {
      name: 'logistic-regression',
      title: 'Logistic regression on pixels',
      rule: 'independent',
      backbone: { kind: 'pixels', imageSize: vit.imageSize },
      search: { ...search, learningRates: [1e-4, 1e-3, 1e-2] },
    },
  ];
}

/** Named settings for the command line. Budgets are in steps, so that a slow machine gets the same numbers. */
export const presets: Readonly<Record<string, Preset>> = {
  start: {
    summary: 'minutes on two cores: a small vision transformer, 16 tokens an image',
    backend: 'wasm',
    stream: {
      name: 'nevis-open',
      predictSplits: ['dev_test'],
      limit: { train: 6000, dev: 640, eval: 2000 },
      labels: 'true',
    },
    learners: threeLearners(
      { imageSize: 28, patch: 7, width: 64, depth: 2, heads: 4, mlpWidth: 128 },
      {
        steps: 300,
        batchSize: 32,
        warmupSteps: 30,
        weightDecay: 0.05,
        clipNorm: 1,
        validateEvery: 50,
        patience: 3,
        checkpointEvery: 50,
        evaluationBatchSize: 250,
      },
    ),
  },
  smoke: {
    summary: 'seconds: the same path with almost no training, to see that everything works',
    backend: 'wasm',
    stream: {
      name: 'nevis-open',
      predictSplits: ['dev_test'],
      limit: { train: 256, dev: 64, eval: 128 },
      labels: 'true',
    },
    learners: threeLearners(
      { imageSize: 28, patch: 7, width: 16, depth: 1, heads: 2, mlpWidth: 32 },
      {
        steps: 6,
        batchSize: 32,
        warmupSteps: 1,
        weightDecay: 0.05,
        clipNorm: 1,
        validateEvery: 3,
        patience: 2,
        checkpointEvery: 2,
        evaluationBatchSize: 64,
      },
    ),
  },
};
