import { subtree, withPrefix } from '@neverend/nn';
import { layerNormBackwardNaive, layerNormNaive } from '@neverend/nn/testing';
import { mlpBackwardNaive, mlpNaive } from '../mlp/naive.ts';
import {
  type Arrays,
  type SpaceAttentionSizes,
  spaceAttentionBackwardNaive,
  spaceAttentionNaive,
} from '../space-attention/naive.ts';

const attention = 'MultiHeadDotProductAttention_0/';
const block = 'MlpBlock_0/';

const norm = (params: Arrays, name: string, x: Float64Array) => ({
  x,
  scale: params[`${name}/scale`] ?? new Float64Array(),
  bias: params[`${name}/bias`] ?? new Float64Array(),
});

const sum = (a: Float64Array, b: Float64Array) => a.map((v, index) => v + (b[index] ?? 0));

/** Float64 reference of `encoderBlock`. @param x `[rows, N, D]`. @returns `[rows, N, D]`. */
export function encoderBlockNaive(
  x: Float64Array,
  params: Arrays,
  sizes: SpaceAttentionSizes,
): Float64Array {
  const attended = attend(x, params, sizes);
  const normed = layerNormNaive(norm(params, 'LayerNorm_1', attended));
  return sum(attended, mlpNaive(normed, subtree(params, block)));
}

function attend(x: Float64Array, params: Arrays, sizes: SpaceAttentionSizes): Float64Array {
  const normed = layerNormNaive(norm(params, 'LayerNorm_0', x));
  return sum(x, spaceAttentionNaive(normed, subtree(params, attention), sizes));
}

/** @param dy `[rows, N, D]`. @returns the gradients of sum(dy · y). */
export function encoderBlockBackwardNaive(
  x: Float64Array,
  params: Arrays,
  sizes: SpaceAttentionSizes,
  dy: Float64Array,
): { x: Float64Array; params: Arrays } {
  const inner0 = norm(params, 'LayerNorm_0', x);
  const inner1 = norm(params, 'LayerNorm_1', attend(x, params, sizes));
  const mlp = mlpBackwardNaive(layerNormNaive(inner1), subtree(params, block), dy);
  const norm1 = layerNormBackwardNaive(inner1, mlp.x);
  const dAttended = sum(dy, norm1.x);
  const attended = spaceAttentionBackwardNaive(
    layerNormNaive(inner0),
    subtree(params, attention),
    sizes,
    dAttended,
  );
  const norm0 = layerNormBackwardNaive(inner0, attended.x);
  return {
    x: sum(dAttended, norm0.x),
    params: {
      'LayerNorm_0/scale': norm0.scale,
      'LayerNorm_0/bias': norm0.bias,
      'LayerNorm_1/scale': norm1.scale,
      'LayerNorm_1/bias': norm1.bias,
      ...withPrefix(attended.params, attention),
      ...withPrefix(mlp.params, block),
    },
  };
}
