import { subtree } from '@neverend/nn';
import { geluNaive, linearNaive, rmsNormNaive } from '@neverend/nn/testing';
import {
  type Arrays,
  at,
  type BlockOutputs,
  type BlockSizes,
  layer,
  recurrentBlockNaive,
} from '../../src/recurrent-block/naive.ts';

const product = (a: Float64Array, b: Float64Array) => a.map((v, index) => v * (b[index] ?? 0));

const sum = (a: Float64Array, b: Float64Array) => a.map((v, index) => v + (b[index] ?? 0));

/** Float64 reference of `gatedMlp`. @param x `[M, D]`. @returns `[M, D]`. */
export function gatedMlpNaive(x: Float64Array, params: Arrays): Float64Array {
  const [w, b] = [at(params, 'ffw_up/w'), at(params, 'ffw_up/b')];
  const half = (array: Float64Array, part: number) =>
    array.slice((part * array.length) / 2, ((part + 1) * array.length) / 2);
  const [gate, hidden] = [0, 1].map((part) =>
    linearNaive({ x, kernel: half(w, part), bias: half(b, part) }),
  ) as [Float64Array, Float64Array];
  return layer(params, 'ffw_down', product(geluNaive(gate), hidden));
}

/** Float64 reference of `residualBlock`, with the MLP where its parameters are there. */
export function residualBlockNaive(
  arrays: Arrays,
  segmentPos: ArrayLike<number>,
  sizes: BlockSizes,
): BlockOutputs {
  const norm = (x: Float64Array, name: string) =>
    rmsNormNaive({ x, scale: at(arrays, `${name}/scale`) }, { eps: sizes.eps ?? 1e-6, offset: 1 });
  const x = at(arrays, 'x');
  const inner = {
    ...subtree(arrays, 'recurrent_block/'),
    x: norm(x, 'temporal_pre_norm'),
    rgLru: at(arrays, 'rgLru'),
    conv: at(arrays, 'conv'),
  };
  const [y, rgLru, conv] = recurrentBlockNaive(inner, segmentPos, sizes);
  const residual = sum(x, y);
  if (!('channel_pre_norm/scale' in arrays)) return [residual, rgLru, conv];
  const hidden = gatedMlpNaive(norm(residual, 'channel_pre_norm'), subtree(arrays, 'mlp_block/'));
  return [sum(residual, hidden), rgLru, conv];
}
