import { checkTensor, ShapeError } from '@neverend/backend';
import { checkedParam, layerNorm, linear, linearParams, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { encoder } from '../encoder/index.ts';
import { learnedPositions } from '../learned-positions/index.ts';
import { interpolatePositions } from '../learned-positions/interpolate.ts';
import { attentionPooling } from '../pooling/index.ts';
import { sincosPositions } from '../sincos-positions/index.ts';
import { checkVitConfig, type VitConfig } from './config.ts';
import { patchEmbedding, patchGrid } from './patches.ts';

/** What a vision transformer makes of images. */
export interface VitOutput {
  /** `[B, P + N, D]`: P tokens such as a class token, then N patches, after the last norm. */
  readonly tokens: tf.Tensor3D;
  /** `[B, D]`, or as wide as the layer before the classes: what the head takes. */
  readonly features: tf.Tensor2D;
  /** `[B, classes]`, where the parameters have a head. */
  readonly logits?: tf.Tensor2D;
}

/**
 * A vision transformer (arXiv 2010.11929, section 3.1): patches, tokens before them, positions, encoder blocks, pooling and a head.
 *
 * @param images `[B, height, width, channels]`, float32, in the colours that it was trained with: `vitPreprocessing` has them, and
 * `preprocessImages` makes them. Of another size than its own, positions are interpolated.
 * @param params as `vitParams` names them. What is there is used: `cls`, `dist`, `registers`, `pre_norm`, `fc_norm`, `pre_logits`
 * (a linear layer and tanh), `head` and `head_dist`.
 * @param config as `loadVit` gives it.
 * @returns tensors that are the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument, also where patches do not fill the images. @throws RangeError | TypeError
 * naming what is wrong in `config`.
 */
export function vit(images: tf.Tensor, params: Params, config: VitConfig): VitOutput {
  checkVitConfig(config);
  const { pooling, grid: _grid, interpolation: _interpolation, ...ofEncoder } = config;
  const { eps, gelu, heads } = ofEncoder;
  return tf.tidy(() => {
    const kernel = checkedParam(params, 'embedding/kernel', ['P', 'Q', 'C', 'D']);
    const [, , channels = 1, width = 1] = kernel.shape;
    checkTensor('images', images, ['B', 'height', 'width', channels]);
    const patches = patchEmbedding(images, kernel, checkedParam(params, 'embedding/bias', [width]));
    const grid = patchGrid(images, [kernel.shape[0] ?? 1, kernel.shape[1] ?? 1]);
    const before = tokensBefore(params, width);
    const count = before?.shape[1] ?? 0;
    const placed = placedTokens(patches, before, positionsOf(params, grid, count, width, config));
    const normed = (x: tf.Tensor, name: string) =>
      params[`${name}/scale`] === undefined
        ? x
        : layerNorm(
            x,
            checkedParam(params, `${name}/scale`, [width]),
            checkedParam(params, `${name}/bias`, [width]),
            eps,
          );
    const tokens = encoder(normed(placed, 'pre_norm'), params, ofEncoder) as tf.Tensor3D;
    const token = (index: number) =>
      tf.reshape(tf.slice(tokens, [0, index, 0], [-1, 1, -1]), [-1, width]);
    const needed = { first: 1, distilled: 2, 'first-average': 1, average: 0, attention: 0 }[
      pooling
    ];
    if (count < needed) {
      throw new ShapeError(
        `params has ${count} tokens before the patches; the pooling "${pooling}" must have ${needed}`,
      );
    }
    const ofPatches = () => tf.slice(tokens, [0, count, 0]);
    const pooled = {
      first: () => token(0),
      average: () => tf.mean(ofPatches(), 1),
      attention: () =>
        attentionPooling(ofPatches(), subtree(params, 'MAPHead_0/'), { heads, gelu, eps }),
      distilled: () => tf.mean(tf.slice(tokens, 0, [-1, 2, -1]), 1),
      'first-average': () => tf.concat([token(0), tf.mean(ofPatches(), 1)], 1),
    }[pooling]();
    const features = preLogits(normed(pooled, 'fc_norm'), params) as tf.Tensor2D;
    if (params['head/kernel'] === undefined) return { tokens, features };
    const classes = (x: tf.Tensor, name: string) => {
      const layer = linearParams(params, name, x.shape[1] ?? 1);
      return linear(x, layer.kernel, layer.bias);
    };
    const logits =
      pooling === 'distilled'
        ? tf.mul(0.5, tf.add(classes(token(0), 'head'), classes(token(1), 'head_dist')))
        : classes(features, 'head');
    return { tokens, features, logits: logits as tf.Tensor2D };
  });
}

/** `[1, P, D]` where there are any. */
function tokensBefore(params: Params, width: number): tf.Tensor | undefined {
  const tokens = (['cls', 'dist', 'registers'] as const).flatMap((name) =>
    params[name] === undefined
      ? []
      : [checkedParam(params, name, [1, name === 'registers' ? 'R' : 1, width])],
  );
  return tokens.length === 0 ? undefined : tf.concat(tokens, 1);
}

/** Positions for a grid, `[1, p + N, D]`: of the first p tokens before the patches, and of the patches. */
function positionsOf(
  params: Params,
  grid: readonly [number, number],
  before: number,
  width: number,
  { grid: from, interpolation }: VitConfig,
): tf.Tensor {
  if (from === undefined) return sincosPositions(grid, width);
  const positions = checkedParam(params, 'pos_embedding', [1, 'tokens', width]);
  const tokens = positions.shape[1] ?? 0;
  const placed = tokens - from[0] * from[1];
  if (placed < 0 || placed > before) {
    throw new ShapeError(
      `params["pos_embedding"] has ${tokens} positions; a grid of ${from.join(' x ')} patches and ${before} tokens before them must have ${from[0] * from[1]} to ${from[0] * from[1] + before}`,
    );
  }
  return interpolatePositions(positions, from, grid, placed, interpolation);
}

/** `[B, P + N, D]`. */
function placedTokens(
  patches: tf.Tensor,
  before: tf.Tensor | undefined,
  positions: tf.Tensor,
): tf.Tensor {
  const [batch = 1, count = 0, width = 1] = patches.shape;
  const placed = (positions.shape[1] ?? 0) - count;
  const [ofTokens, ofPatches] = tf.split(positions, [placed, count], 1) as [tf.Tensor, tf.Tensor];
  const x = learnedPositions(patches, ofPatches);
  if (before === undefined) return x;
  const tokens = before.shape[1] ?? 0;
  // Tokens beyond those that have a position, such as registers, get none.
  const padding: [number, number][] = [
    [0, 0],
    [0, tokens - placed],
    [0, 0],
  ];
  const first = placed === 0 ? before : tf.add(before, tf.pad(ofTokens, padding));
  return tf.concat([tf.add(tf.zeros([batch, tokens, width]), first), x], 1);
}

function preLogits(x: tf.Tensor, params: Params): tf.Tensor {
  if (params['pre_logits/kernel'] === undefined) return x;
  const { kernel, bias } = linearParams(params, 'pre_logits', x.shape[1] ?? 1);
  return tf.tanh(linear(x, kernel, bias));
}
