import {
  type CheckpointArray,
  interpolatePositions,
  type VitLayout,
  vitParams,
} from '@neverend/attention';
import { checkedSize, checkOptions, ShapeError } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkParams } from './check-params.ts';
import { checkConfig, gridOf, type TRecViTConfig } from './config.ts';
import { officialInput } from './config-file.ts';

/** What a checkpoint of a vision transformer is. */
export interface VitBlocksOptions {
  readonly layout: VitLayout;
  /** The side of its patches in pixels. Default: the model's. */
  readonly patch?: number;
  /** What black and white are for it. Default: [-1, 1], as all three layouts' ViTs were trained. */
  readonly vitRange?: readonly [black: number, white: number];
  /** What black and white are for the model. Default: those of `officialInput`. */
  readonly range?: readonly [black: number, white: number];
}

/** A model's parameters with those of a vision transformer among them. */
export interface WithVitBlocks {
  /** By the names of `paramShapes`, the caller's to dispose. */
  readonly params: Record<string, tf.Tensor>;
  /** The names of the parameters that are as they were. */
  readonly kept: readonly string[];
  /** What of the vision transformer was not taken: of a head by the checkpoint's names, of the rest by those of `vitParams`. */
  readonly unused: readonly string[];
}

/**
 * Puts a vision transformer into a model that is to be trained, as the paper starts its supervised models from ImageNet-21k
 * (arXiv 2412.14294, appendix B). Taken are the encoder blocks of all layers and the last norm; the patch kernel and its bias, where
 * patches and channels are alike, turned so that they take the model's range of colours; the positions, interpolated to the model's
 * grid; and the class token with its position, since the model's has none. The blocks over time and the head stay as they are.
 *
 * @param params an initialised model's, by the names of `paramShapes`. They become the result's: those that are replaced are disposed.
 * @param arrays by their names in the checkpoint, as the readers of `@neverend/checkpoint` give them. The ViT must have as many blocks,
 * and be as wide, as the model; timm's and transformers' need a configuration with `gelu: 'erf'`, and transformers' an `normEps` of 1e-12.
 * @throws NeverendError of the code NEVEREND_VIT_CHECKPOINT that names every missing, unknown or misshapen entry. @throws ShapeError
 * | RangeError | TypeError naming the argument. `params` are as before then.
 */
export function withVitBlocks(
  params: Params,
  arrays: Readonly<Record<string, CheckpointArray>>,
  config: TRecViTConfig,
  options: VitBlocksOptions,
): WithVitBlocks {
  checkOptions('withVitBlocks', options, ['layout', 'patch', 'vitRange', 'range']);
  checkConfig(config);
  checkParams('params', params, config);
  const { layout, patch = config.patch, vitRange = [-1, 1], range = officialInput.range } = options;
  checkedSize('patch', patch);
  const { layers: depth, width, heads, mlpWidth } = config;
  const { tokens, channels } = sizesOf(arrays);
  const vit = vitParams(arrays, layout, { width, depth, heads, mlpWidth, patch, channels, tokens });
  const unused = Object.keys(arrays).filter((name) => headName.test(name));
  const take = () => {
    const { 'embedding/kernel': kernel, 'embedding/bias': bias, ...rest } = vit;
    const { cls, pos_embedding: positions, ...encoder } = rest;
    const below = Object.entries(encoder).map(([name, tensor]) => [`encoder/${name}`, tensor]);
    const patches = { kernel: kernel as tf.Tensor, bias: bias as tf.Tensor };
    const embedding =
      patch === config.patch && channels === config.channels
        ? recoloured(patches, vitRange, range)
        : undefined;
    if (embedding === undefined) unused.push('embedding/kernel', 'embedding/bias');
    if (config.pooling !== 'token') unused.push('cls');
    const placed = placedTokens(cls as tf.Tensor, positions as tf.Tensor, config);
    return { ...Object.fromEntries(below), ...embedding, ...placed } as Record<string, tf.Tensor>;
  };
  let taken: Record<string, tf.Tensor>;
  try {
    taken = tf.tidy(take);
  } catch (error) {
    tf.dispose(vit);
    throw error;
  }
  const isTaken = new Set(Object.values(taken));
  for (const tensor of Object.values(vit)) if (!isTaken.has(tensor)) tensor.dispose();
  for (const name of Object.keys(taken)) params[name]?.dispose();
  return {
    params: { ...params, ...taken },
    kept: Object.keys(params).filter((name) => !Object.hasOwn(taken, name)),
    unused,
  };
}

/** What a ViT has after its last norm, in all layouts. */
const headName = /^(vit\.)?(head|pre_logits|classifier|pooler)[./]/;

/** The number of positions and channels, by what every layout has once. @throws ShapeError where it is not there. */
function sizesOf(arrays: Readonly<Record<string, CheckpointArray>>) {
  const shapeOf = (what: string, pattern: RegExp, rank: number): readonly number[] => {
    const name = Object.keys(arrays).find((of) => pattern.test(of));
    const shape = name === undefined ? undefined : arrays[name]?.shape;
    if (shape?.length === rank) return shape;
    const was = name === undefined ? 'none' : `${name} [${shape?.join(', ')}]`;
    throw new ShapeError(`arrays must have ${what} of ${rank} axes; they had ${was}`);
  };
  const [, tokens = 0] = shapeOf(
    'positions',
    /(^|[./])(pos_embed|pos_embedding|position_embeddings)$/,
    3,
  );
  const kernel = shapeOf(
    'a kernel of patches',
    /^embedding\/kernel$|^patch_embed\.proj\.weight$|patch_embeddings\.projection\.weight$/,
    4,
  );
  // flax has channels before the last axis, PyTorch after the first.
  const isFlax = Object.hasOwn(arrays, 'embedding/kernel');
  return { tokens, channels: kernel[isFlax ? 2 : 1] ?? 0 };
}

/** Patches that give for one range of colours what they gave for the other. */
function recoloured(
  { kernel, bias }: { readonly kernel: tf.Tensor; readonly bias: tf.Tensor },
  [vitBlack, vitWhite]: readonly [number, number],
  [black, white]: readonly [number, number],
): Record<string, tf.Tensor> {
  // What the ViT would see is slope · colour + offset.
  const slope = (vitWhite - vitBlack) / (white - black);
  const offset = vitBlack - slope * black;
  return {
    'tokenizer/embedding/kernel': tf.expandDims(tf.mul(kernel, slope), 0),
    'tokenizer/embedding/bias': tf.add(bias, tf.mul(tf.sum(kernel, [0, 1, 2]), offset)),
  };
}

/** Positions of the model's grid and, where it has one, the class token with what was added to it. */
function placedTokens(
  cls: tf.Tensor,
  positions: tf.Tensor,
  config: TRecViTConfig,
): Record<string, tf.Tensor> {
  const [, tokens = 1, width = 1] = positions.shape;
  const side = Math.sqrt(tokens - 1);
  if (!Number.isInteger(side)) {
    throw new ShapeError(
      `arrays had ${tokens} positions; they must be those of a class token and a square of patches`,
    );
  }
  const [ofClass, ofGrid] = tf.split(positions, [1, tokens - 1], 1) as [tf.Tensor, tf.Tensor];
  const grid = gridOf(config);
  const isSame = grid[0] === side && grid[1] === side;
  return {
    'tokenizer/pos_embedding': isSame
      ? tf.reshape(ofGrid, [1, tokens - 1, width])
      : interpolatePositions(ofGrid, [side, side], grid),
    ...(config.pooling === 'token' ? { 'tokenizer/cls': tf.add(cls, ofClass) } : {}),
  };
}
