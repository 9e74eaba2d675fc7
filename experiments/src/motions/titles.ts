import type { ArmName } from './arms/time-mixers.ts';

/** What the arms are called. */
export const titles: Readonly<Record<ArmName, string>> = {
  lru: 'LRU (TRecViT)',
  attention: 'attention',
  lstm: 'LSTM',
  convolution: 'causal convolution',
};

/** Top-1 on Something-Something v2 and training steps a second: arXiv 2412.14294, table "Temporal module". */
export const paperResults: Readonly<
  Record<ArmName, { readonly accuracy: number; readonly stepsPerSecond: number }>
> = {
  lru: { accuracy: 66.7, stepsPerSecond: 8.9 },
  attention: { accuracy: 62.4, stepsPerSecond: 8.3 },
  lstm: { accuracy: 63.7, stepsPerSecond: 6 },
  convolution: { accuracy: 40.3, stepsPerSecond: 10.5 },
};
