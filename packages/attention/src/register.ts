import { serialization } from '@tensorflow/tfjs-core';
import { NeverendAttentionPooling } from './layers/attention-pooling-layer.ts';
import { NeverendCachedAttention } from './layers/cached-attention-layer.ts';
import { NeverendClassToken } from './layers/class-token-layer.ts';
import { NeverendCrossAttention } from './layers/cross-attention-layer.ts';
import { NeverendEncoderBlock } from './layers/encoder-block-layer.ts';
import { NeverendEncoder } from './layers/encoder-layer.ts';
import { NeverendLearnedPositions } from './layers/learned-positions-layer.ts';
import { NeverendLinear } from './layers/linear-layer.ts';
import { NeverendMlp } from './layers/mlp-layer.ts';
import { NeverendRotaryPositions } from './layers/rotary-positions-layer.ts';
import { NeverendScaledDotProductAttention } from './layers/scaled-dot-product-attention-layer.ts';
import { NeverendSincosPositions } from './layers/sincos-positions-layer.ts';
import { NeverendSpaceAttention } from './layers/space-attention-layer.ts';
import { NeverendTokenPooling } from './layers/token-pooling-layer.ts';

export type { LayerArgs, ParameterLayerArgs } from '@neverend/nn/layers';
export {
  NeverendAttentionPooling,
  type NeverendAttentionPoolingArgs,
  neverendAttentionPooling,
} from './layers/attention-pooling-layer.ts';
export {
  NeverendCachedAttention,
  type NeverendCachedAttentionArgs,
  neverendCachedAttention,
} from './layers/cached-attention-layer.ts';
export { NeverendClassToken, neverendClassToken } from './layers/class-token-layer.ts';
export {
  NeverendCrossAttention,
  type NeverendCrossAttentionArgs,
  neverendCrossAttention,
} from './layers/cross-attention-layer.ts';
export {
  NeverendEncoderBlock,
  type NeverendEncoderBlockArgs,
  neverendEncoderBlock,
} from './layers/encoder-block-layer.ts';
export {
  NeverendEncoder,
  type NeverendEncoderArgs,
  neverendEncoder,
} from './layers/encoder-layer.ts';
export {
  NeverendLearnedPositions,
  neverendLearnedPositions,
} from './layers/learned-positions-layer.ts';
export { NeverendLinear, type NeverendLinearArgs, neverendLinear } from './layers/linear-layer.ts';
export { NeverendMlp, type NeverendMlpArgs, neverendMlp } from './layers/mlp-layer.ts';
export {
  NeverendRotaryPositions,
  type NeverendRotaryPositionsArgs,
  neverendRotaryPositions,
} from './layers/rotary-positions-layer.ts';
export {
  NeverendScaledDotProductAttention,
  type NeverendScaledDotProductAttentionArgs,
  neverendScaledDotProductAttention,
} from './layers/scaled-dot-product-attention-layer.ts';
export {
  NeverendSincosPositions,
  type NeverendSincosPositionsArgs,
  neverendSincosPositions,
} from './layers/sincos-positions-layer.ts';
export {
  NeverendSpaceAttention,
  type NeverendSpaceAttentionArgs,
  neverendSpaceAttention,
} from './layers/space-attention-layer.ts';
export {
  NeverendTokenPooling,
  type NeverendTokenPoolingArgs,
  neverendTokenPooling,
} from './layers/token-pooling-layer.ts';

/**
 * Makes the layers known to `loadLayersModel`. Importing this module does it; to call it again changes
 * nothing.
 */
export function register(): void {
  serialization.registerClass(NeverendLinear);
  serialization.registerClass(NeverendSpaceAttention);
  serialization.registerClass(NeverendMlp);
  serialization.registerClass(NeverendEncoderBlock);
  serialization.registerClass(NeverendLearnedPositions);
  serialization.registerClass(NeverendClassToken);
  serialization.registerClass(NeverendAttentionPooling);
  serialization.registerClass(NeverendCachedAttention);
  serialization.registerClass(NeverendCrossAttention);
  serialization.registerClass(NeverendRotaryPositions);
  serialization.registerClass(NeverendSincosPositions);
  serialization.registerClass(NeverendTokenPooling);
  serialization.registerClass(NeverendEncoder);
  serialization.registerClass(NeverendScaledDotProductAttention);
}

register();
