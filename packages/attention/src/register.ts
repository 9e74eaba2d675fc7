import { registerLayers } from '@neverend/nn/layers';
import { neverendAttentionPooling } from './layers/attention-pooling-layer.ts';
import { neverendCachedAttention } from './layers/cached-attention-layer.ts';
import { neverendClassToken } from './layers/class-token-layer.ts';
import { neverendCrossAttention } from './layers/cross-attention-layer.ts';
import { neverendEncoderBlock } from './layers/encoder-block-layer.ts';
import { neverendEncoder } from './layers/encoder-layer.ts';
import { neverendLearnedPositions } from './layers/learned-positions-layer.ts';
import { neverendMlp } from './layers/mlp-layer.ts';
import { neverendRotaryPositions } from './layers/rotary-positions-layer.ts';
import { neverendScaledDotProductAttention } from './layers/scaled-dot-product-attention-layer.ts';
import { neverendSincosPositions } from './layers/sincos-positions-layer.ts';
import { neverendSpaceAttention } from './layers/space-attention-layer.ts';
import { neverendTokenPooling } from './layers/token-pooling-layer.ts';

export {
  type NeverendAttentionPoolingArgs,
  neverendAttentionPooling,
} from './layers/attention-pooling-layer.ts';
export {
  type NeverendCachedAttentionArgs,
  neverendCachedAttention,
} from './layers/cached-attention-layer.ts';
export { neverendClassToken } from './layers/class-token-layer.ts';
export {
  type NeverendCrossAttentionArgs,
  neverendCrossAttention,
} from './layers/cross-attention-layer.ts';
export {
  type NeverendEncoderBlockArgs,
  neverendEncoderBlock,
} from './layers/encoder-block-layer.ts';
export { type NeverendEncoderArgs, neverendEncoder } from './layers/encoder-layer.ts';
export { neverendLearnedPositions } from './layers/learned-positions-layer.ts';
export { type NeverendMlpArgs, neverendMlp } from './layers/mlp-layer.ts';
export {
  type NeverendRotaryPositionsArgs,
  neverendRotaryPositions,
} from './layers/rotary-positions-layer.ts';
export {
  type NeverendScaledDotProductAttentionArgs,
  neverendScaledDotProductAttention,
} from './layers/scaled-dot-product-attention-layer.ts';
export {
  type NeverendSincosPositionsArgs,
  neverendSincosPositions,
} from './layers/sincos-positions-layer.ts';
export {
  type NeverendSpaceAttentionArgs,
  neverendSpaceAttention,
} from './layers/space-attention-layer.ts';
export {
  type NeverendTokenPoolingArgs,
  neverendTokenPooling,
} from './layers/token-pooling-layer.ts';

/**
 * Makes the layers known to `loadLayersModel`. Importing this module does it; to call it again changes nothing.
 */
export function register(): void {
  registerLayers(
    neverendAttentionPooling,
    neverendCachedAttention,
    neverendClassToken,
    neverendCrossAttention,
    neverendEncoderBlock,
    neverendEncoder,
    neverendLearnedPositions,
    neverendMlp,
    neverendRotaryPositions,
    neverendScaledDotProductAttention,
    neverendSincosPositions,
    neverendSpaceAttention,
    neverendTokenPooling,
  );
}

register();
