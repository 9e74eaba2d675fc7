export { gelu, layerNorm } from '@neverend/backend';
export { encoderBlock, initEncoderBlock } from './encoder-block/index.ts';
export { initLearnedPositions, learnedPositions } from './learned-positions/index.ts';
export { initLinear, linear } from './linear/index.ts';
export { initMlp, mlp } from './mlp/index.ts';
export type { Params } from './params.ts';
export { initSpaceAttention, spaceAttention } from './space-attention/index.ts';
