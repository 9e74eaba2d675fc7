import { shapeSize } from '@neverend/checkpoint';
import { withPrefix } from '@neverend/nn';
import { checkConfig, gridOf, type TRecViTConfig } from './config.ts';

/**
 * The shape of every parameter, by the names of the official checkpoints and in the order of the computation. The names join flax'
 * modules by slashes: `tokenizer/…`, `encoder/residualblock_00/…` over time, `encoder/encoderblock_0/…` over space, `decoder/…`.
 *
 * @throws as `checkConfig` does.
 */
export function paramShapes(config: TRecViTConfig): Record<string, readonly number[]> {
  checkConfig(config);
  const { layers, width, channels, patch, headWidth, classes, pooling } = config;
  const [rows, columns] = gridOf(config);
  const perLayer = Array.from({ length: layers }, (_, layer) => ({
    ...withPrefix(residualBlockShapes(config), residualBlockName(layer)),
    ...withPrefix(encoderBlockShapes(config), encoderBlockName(layer)),
  }));
  return {
    'tokenizer/embedding/kernel': [1, patch, patch, channels, width],
    'tokenizer/embedding/bias': [width],
    'tokenizer/pos_embedding': [1, rows * columns, width],
    ...(pooling === 'token' ? { 'tokenizer/cls': [1, 1, width] } : {}),
    ...Object.assign({}, ...perLayer),
    'encoder/encoder_norm/scale': [width],
    'encoder/encoder_norm/bias': [width],
    'decoder/pre_logits/kernel': [width, headWidth],
    'decoder/pre_logits/bias': [headWidth],
    'decoder/cls_head/kernel': [headWidth, classes],
    'decoder/cls_head/bias': [classes],
  };
}

/** The number of all parameters' numbers. */
export function parameterCount(config: TRecViTConfig): number {
  const counts = Object.values(paramShapes(config)).map(shapeSize);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Where the parameters of a layer's residual block lie; the official code writes two digits here and none too many below. */
export const residualBlockName = (layer: number): string =>
  `encoder/residualblock_${String(layer).padStart(2, '0')}/`;

/** Where the parameters of a layer's encoder block lie. */
export const encoderBlockName = (layer: number): string => `encoder/encoderblock_${layer}/`;

function residualBlockShapes({ width, lruWidth, gateBlocks, taps }: TRecViTConfig): Shapes {
  const block = lruWidth / gateBlocks;
  const gate = { w: [gateBlocks, block, block], b: [gateBlocks, block] };
  return {
    'temporal_pre_norm/scale': [width],
    ...withPrefix(
      {
        'linear_x/kernel': [width, lruWidth],
        'linear_x/bias': [lruWidth],
        'linear_y/kernel': [width, lruWidth],
        'linear_y/bias': [lruWidth],
        'conv_1d/w': [taps, lruWidth],
        'conv_1d/b': [lruWidth],
        'rg_lru/a_param': [lruWidth],
        ...withPrefix(gate, 'rg_lru/input_gate/'),
        ...withPrefix(gate, 'rg_lru/a_gate/'),
        'linear_out/kernel': [lruWidth, width],
        'linear_out/bias': [width],
      },
      'recurrent_block/',
    ),
  };
}

function encoderBlockShapes({ width, heads, mlpWidth }: TRecViTConfig): Shapes {
  const head = width / heads;
  const into = { kernel: [width, heads, head], bias: [heads, head] };
  return {
    'LayerNorm_0/scale': [width],
    'LayerNorm_0/bias': [width],
    ...withPrefix(into, 'MultiHeadDotProductAttention_0/query/'),
    ...withPrefix(into, 'MultiHeadDotProductAttention_0/key/'),
    ...withPrefix(into, 'MultiHeadDotProductAttention_0/value/'),
    'MultiHeadDotProductAttention_0/out/kernel': [heads, head, width],
    'MultiHeadDotProductAttention_0/out/bias': [width],
    'LayerNorm_1/scale': [width],
    'LayerNorm_1/bias': [width],
    'MlpBlock_0/Dense_0/kernel': [width, mlpWidth],
    'MlpBlock_0/Dense_0/bias': [mlpWidth],
    'MlpBlock_0/Dense_1/kernel': [mlpWidth, width],
    'MlpBlock_0/Dense_1/bias': [width],
  };
}

type Shapes = Record<string, readonly number[]>;
