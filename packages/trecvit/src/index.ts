export {
  checkConfig,
  officialConstants,
  type TRecViTConfig,
  type TRecViTForm,
  type TRecViTSize,
  trecvitConfig,
} from './config.ts';
export {
  checkCard,
  type ModelCard,
  officialInput,
  readCard,
  type VideoInput,
  writeCard,
} from './config-file.ts';
export { productFlops, stateBytes } from './costs.ts';
export { type ForwardOptions, forward, type TRecViTState } from './forward.ts';
export { classificationHead, type HeadOptions, type HeadState } from './head.ts';
export { type InferenceMemory, inferenceMemory, type MeasuredModel } from './inference-memory.ts';
export { initTRecViT } from './init.ts';
export { trecvitLayer } from './layer.ts';
export { parameterCount, paramShapes } from './param-shapes.ts';
export type {
  LoadProgress,
  PartialCard,
  PretrainedOptions,
} from './pretrained/load-pretrained.ts';
export type { ModelLocation } from './pretrained/model-place.ts';
export { type ReadOptions, readParams } from './read-params.ts';
export type { Average, StreamState } from './state.ts';
export { tokenize } from './tokenize.ts';
export { type Guess, topK } from './top-k.ts';
export { type Classification, type ModelNotes, TRecViT } from './trecvit.ts';
export {
  type StreamedModel,
  type StreamOptions,
  type StreamStep,
  VideoStream,
} from './video-stream.ts';
export { type VitBlocksOptions, type WithVitBlocks, withVitBlocks } from './vit-blocks.ts';
