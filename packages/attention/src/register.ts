import { serialization } from '@tensorflow/tfjs-core';
import { NeverendAttentionPooling } from './layers/attention-pooling-layer.ts';
import { NeverendClassToken } from './layers/class-token-layer.ts';
import { NeverendEncoderBlock } from './layers/encoder-block-layer.ts';
import { NeverendLearnedPositions } from './layers/learned-positions-layer.ts';
import { NeverendLinear } from './layers/linear-layer.ts';
import { NeverendMlp } from './layers/mlp-layer.ts';
import { NeverendSpaceAttention } from './layers/space-attention-layer.ts';

export {
  NeverendAttentionPooling,
  type NeverendAttentionPoolingArgs,
  neverendAttentionPooling,
} from './layers/attention-pooling-layer.ts';
export { NeverendClassToken, neverendClassToken } from './layers/class-token-layer.ts';
export {
  NeverendEncoderBlock,
  type NeverendEncoderBlockArgs,
  neverendEncoderBlock,
} from './layers/encoder-block-layer.ts';
export {
  NeverendLearnedPositions,
  neverendLearnedPositions,
} from './layers/learned-positions-layer.ts';
export { NeverendLinear, type NeverendLinearArgs, neverendLinear } from './layers/linear-layer.ts';
export { NeverendMlp, type NeverendMlpArgs, neverendMlp } from './layers/mlp-layer.ts';
export type { LayerArgs, ParameterLayerArgs } from './layers/parameter-layer.ts';
export {
  NeverendSpaceAttention,
  type NeverendSpaceAttentionArgs,
  neverendSpaceAttention,
} from './layers/space-attention-layer.ts';

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
}

register();
