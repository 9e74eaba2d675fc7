export { gelu, layerNorm } from '@neverend/backend';
export { crossAttention } from './cross-attention/index.ts';
export { type Dropout, dropout } from './dropout/index.ts';
export { encoderBlock, initEncoderBlock } from './encoder-block/index.ts';
export { initLearnedPositions, learnedPositions } from './learned-positions/index.ts';
export { initLinear, linear } from './linear/index.ts';
export { initMlp, mlp } from './mlp/index.ts';
export type { MultiHeadOptions } from './multi-head-attention.ts';
export type { Params } from './params.ts';
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from './scaled-dot-product-attention/index.ts';
export {
  type InitAttentionOptions,
  initSpaceAttention,
  spaceAttention,
} from './space-attention/index.ts';
