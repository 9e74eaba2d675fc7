import type { LanguageModelConfig } from '../src/index.ts';

/** A model of eleven tokens, with a dense block and a mixture of experts. */
export const tiny: LanguageModelConfig = {
  ...{ vocabulary: 11, width: 8, heads: 2, context: 8 },
  blocks: [
    { kind: 'dense', hidden: 12 },
    { kind: 'moe', experts: 4, topK: 2, hidden: 6 },
  ],
};
