import type { TrainSettings } from '../training/train-defaults.ts';
import type { ModelFlags } from './flags.ts';
import type { PresetName } from './preset-name.ts';

/** What a preset sets; flags go before it. */
export type Preset = Required<Pick<ModelFlags, 'width' | 'heads' | 'context' | 'blocks'>> &
  Omit<ModelFlags, 'preset'> &
  TrainSettings;

/** Sizes and settings of trainings by their names. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  // Seconds: to see that everything works.
  smoke: {
    ...{ tokens: 'bytes', width: 32, heads: 2, context: 64, blocks: ['dense', 'peer'] },
    ...{ keys: 16, keyHeads: 2, picks: 4 },
    ...{ steps: 20, batchSize: 4 },
  },
  small: {
    ...{ tokens: 'bpe', vocabulary: 4096, width: 256, heads: 4, context: 256 },
    // The middle of the network is where PEER and memories stand in their papers.
    blocks: ['dense', 'dense', 'peer', 'dense'],
    ...{ steps: 250, batchSize: 8, tableLearningRate: 1e-2 },
  },
};
