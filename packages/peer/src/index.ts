export { copyExperts, withoutFrozen } from './growth/copy-experts.ts';
export { type ChangedPeer, growExperts, openKeys } from './growth/grow-experts.ts';
export { pruneExperts } from './growth/prune-experts.ts';
export type { LanguageModelConfig } from './language-model/config.ts';
export { type LanguageModelCosts, languageModelCosts } from './language-model/costs.ts';
export { crossEntropy, tokenLosses } from './language-model/cross-entropy.ts';
export type { DenseConfig } from './language-model/feed-forward/dense.ts';
export type { FeedForwardConfig } from './language-model/feed-forward/index.ts';
export type { MemoryFeedForwardConfig } from './language-model/feed-forward/memory.ts';
export type { MixtureOfExpertsConfig } from './language-model/feed-forward/mixture-of-experts.ts';
export type { PeerFeedForwardConfig } from './language-model/feed-forward/peer.ts';
export type {
  FeedForward,
  FeedForwardCall,
  FeedForwardCosts,
  FeedForwardResult,
  Items,
  Picks,
} from './language-model/feed-forward/types.ts';
export {
  type LanguageModelCache,
  type LanguageModelOptions,
  type LanguageModelResult,
  languageModel,
} from './language-model/language-model.ts';
export { LanguageModel } from './language-model/model.ts';
export { initParams, paramShapes } from './language-model/params.ts';
export { type SampleOptions, sampleTokens } from './language-model/sample.ts';
export { checkPeer, type PeerConfig, peerTables } from './layer/config.ts';
export { peerCosts, peerShapes } from './layer/costs.ts';
export { initPeer } from './layer/init.ts';
export { allExperts, type PeerResult, peer } from './layer/peer.ts';
export type { Merge } from './text/bpe/token-table.ts';
export { trainBpe } from './text/bpe/train-bpe.ts';
export type { TextDocument } from './text/document.ts';
export { Tokenizer } from './text/tokenizer.ts';
export { type TokenizerJson, tokenizerJson, tokenizerOfJson } from './text/tokenizer-json.ts';
