export {
  type CachedAttentionOptions,
  cachedAttention,
  type KeyValueCache,
} from './cached-attention/index.ts';
export { crossAttention } from './cross-attention/index.ts';
export {
  type EncoderOptions,
  encoder,
  type InitEncoderOptions,
  initEncoder,
} from './encoder/index.ts';
export {
  type EncoderBlockOptions,
  encoderBlock,
  type InitEncoderBlockOptions,
  initEncoderBlock,
} from './encoder-block/index.ts';
export { initLearnedPositions, learnedPositions } from './learned-positions/index.ts';
export {
  type InterpolationOptions,
  interpolatePositions,
} from './learned-positions/interpolate.ts';
export { initMlp, type MlpGelu, type MlpOptions, mlp } from './mlp/index.ts';
export type { MultiHeadOptions } from './multi-head-attention.ts';
export {
  type AttentionPoolingOptions,
  attentionPooling,
  initAttentionPooling,
  poolTokens,
  prependToken,
} from './pooling/index.ts';
export {
  type PositionList,
  type RotaryOptions,
  rotaryPositions,
} from './rotary-positions/index.ts';
export {
  type AttentionOptions,
  scaledDotProductAttention,
} from './scaled-dot-product-attention/index.ts';
export { sincosPositions } from './sincos-positions/index.ts';
export {
  type InitAttentionOptions,
  initSpaceAttention,
  spaceAttention,
} from './space-attention/index.ts';
export type { VitConfig, VitPooling } from './vit/config.ts';
export { type VitOutput, vit } from './vit/index.ts';
export { type LoadedVit, type LoadVitOptions, loadVit } from './vit/load-vit.ts';
export { imagePatches, patchEmbedding } from './vit/patches.ts';
export {
  normalizeImages,
  preprocessImages,
  type VitPreprocessing,
  vitPreprocessing,
} from './vit/preprocessing.ts';
export type { CheckpointArray } from './vit-checkpoint/checkpoint-array.ts';
export { vitParams } from './vit-checkpoint/index.ts';
export type { VitLayout, VitSizes } from './vit-checkpoint/sizes.ts';
