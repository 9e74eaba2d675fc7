import { type TRecViTConfig, tokensOf } from '../config.ts';
import { stateBytes } from '../costs.ts';
import { parameterCount } from '../param-shapes.ts';
import {
  type FullAttentionConfig,
  fullAttentionParameters,
  fullAttentionTokens,
} from './full-attention.ts';

const BYTES = 4;

/** Whether attention makes its weights, one for each pair of tokens, part by part as a fused kernel does, or holds them all. */
export type AttentionWeights = 'fused' | 'held';

/**
 * Bytes of all tensors, parameters included, when most of them are alive in a forward pass of one clip by kernels, as far as they are
 * known without running it: a block's input and what it keeps until it is done. Composites keep several times as much.
 */
export function trecvitPeakBytes(
  config: TRecViTConfig,
  frames: number,
  weights: AttentionWeights,
): number {
  const { width, mlpWidth, heads, lruWidth } = config;
  const ofFrame = tokensOf(config);
  // A layer's input and what comes out; of the recurrent unit, both branches and their product.
  const inTime = 2 * width + 3 * lruWidth;
  // The layer's input is kept beside the block's.
  const inSpace = width + ofEncoderBlock(width, mlpWidth, weights === 'held' ? heads * ofFrame : 0);
  const block = frames * ofFrame * Math.max(inTime, inSpace);
  const numbers = parameterCount(config) + videoSize(config, frames) + block;
  return BYTES * numbers + stateBytes(config);
}

/** The same of a model with attention among all tokens. */
export function fullAttentionPeakBytes(
  config: FullAttentionConfig,
  frames: number,
  weights: AttentionWeights,
): number {
  const { width, mlpWidth, heads } = config;
  const tokens = fullAttentionTokens(config, frames);
  const block = tokens * ofEncoderBlock(width, mlpWidth, weights === 'held' ? heads * tokens : 0);
  return BYTES * (fullAttentionParameters(config, frames) + videoSize(config, frames) + block);
}

/**
 * Numbers of a token that an encoder block keeps where it keeps most. In attention: its input, queries, keys, values, what they give and
 * the result; where weights are held, also the scores and what leads to them. In the MLP: its input, what attention gave, the hidden layer and the
 * result. A kernel that is a whole block frees some of it earlier.
 */
function ofEncoderBlock(width: number, mlpWidth: number, weights: number): number {
  return Math.max((weights > 0 ? 10 : 6) * width + 2 * weights, 3 * width + mlpWidth);
}

function videoSize(
  { imageSize: [rows, columns], channels }: Pick<TRecViTConfig, 'imageSize' | 'channels'>,
  frames: number,
): number {
  return frames * rows * columns * channels;
}
