import {
  type CheckpointArray,
  interpolatePositions,
  sincosPositions,
  type VitLayout,
  vitParams,
} from '@neverend/attention';
import { checkedSize, checkOptions, NeverendError, ShapeError } from '@neverend/backend';
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
 * grid; and the class token with its position, since the model's has none. LayerScale goes into the layers before it. The blocks over
 * time and the head stay as they are.
 *
 * @param params an initialised model's, by the names of `paramShapes`. They become the result's: those that are replaced are disposed.
 * @param arrays by their names in the checkpoint, as the readers of `@neverend/checkpoint` give them. The ViT must have as many blocks,
 * and be as wide, as the model; the form of GELU and the epsilon of its norms, which `loadVit` of `@neverend/attention` finds, belong into
 * the configuration as `gelu` and `normEps`.
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
  const vit = vitParams(arrays, layout, { width, depth, heads, mlpWidth, patch });
  const unused = Object.keys(arrays).filter((name) => headName.test(name));
  const take = () => {
    const { 'embedding/kernel': kernel, 'embedding/bias': bias, ...rest } = vit;
    const { cls, pos_embedding: _, ...others } = rest;
    const encoder = Object.entries(withoutLayerScale(others)).flatMap(([name, tensor]) => {
      const own = params[`encoder/${name}`];
      if (String(own?.shape) === String(tensor.shape))
        return [[`encoder/${name}`, tensor] as const];
      if (own !== undefined || /^encoderblock_/.test(name)) {
        throw new NeverendError(
          'NEVEREND_VIT_CHECKPOINT',
          `arrays has ${name} [${tensor.shape.join(', ')}], which blocks of the model do not have`,
        );
      }
      unused.push(name);
      return [];
    });
    const patches = { kernel: kernel as tf.Tensor, bias: bias as tf.Tensor };
    const embedding =
      patch === config.patch && patches.kernel.shape[2] === config.channels
        ? recoloured(patches, vitRange, range)
        : undefined;
    if (embedding === undefined) unused.push('embedding/kernel', 'embedding/bias');
    if (cls !== undefined && config.pooling !== 'token') unused.push('cls');
    const placed = placedTokens(vit, config);
    return { ...Object.fromEntries(encoder), ...embedding, ...placed } as Record<string, tf.Tensor>;
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

/** Blocks whose last layers multiply what they add, as LayerScale does. */
function withoutLayerScale(vit: Params): Params {
  const scaled: Record<string, tf.Tensor> = {};
  for (const [name, tensor] of Object.entries(vit)) {
    if (/LayerScale_\d\/scale$/.test(name)) continue;
    const last = /^(encoderblock_\d+\/)(MultiHeadDotProductAttention_0\/out|MlpBlock_0\/Dense_1)\//;
    const [, block, layer] = last.exec(name) ?? [];
    const scale = vit[`${block}LayerScale_${layer?.startsWith('MlpBlock') ? 1 : 0}/scale`];
    scaled[name] = scale === undefined ? tensor : tf.mul(tensor, scale);
  }
  return scaled;
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

/**
 * Positions of the model's grid and, where both have one, the class token with what was added to it. Of positions of more tokens before
 * the grid, only that of the class token counts.
 */
function placedTokens(
  { cls, dist, registers, pos_embedding: positions }: Partial<Record<string, tf.Tensor>>,
  config: TRecViTConfig,
): Record<string, tf.Tensor> {
  const grid = gridOf(config);
  const placedCls = (added: tf.Tensor | undefined): Record<string, tf.Tensor> => {
    if (cls === undefined || config.pooling !== 'token') return {};
    return { 'tokenizer/cls': added === undefined ? tf.clone(cls) : tf.add(cls, added) };
  };
  // Sines and cosines, which are the same for every model.
  if (positions === undefined) {
    return {
      'tokenizer/pos_embedding': sincosPositions(grid, config.width),
      ...placedCls(undefined),
    };
  }
  const [, tokens = 1, width = 1] = positions.shape;
  const all = [cls, dist, registers].reduce((sum, token) => sum + (token?.shape[1] ?? 0), 0);
  const before = [0, 1, all].find(
    (count) => count <= all && Number.isInteger(Math.sqrt(tokens - count)),
  );
  const side = Math.sqrt(tokens - (before ?? 0));
  if (before === undefined || side === 0) {
    throw new ShapeError(
      `arrays had ${tokens} positions; they must be those of a class token and a square of patches`,
    );
  }
  const [ofTokens, ofGrid] = tf.split(positions, [before, tokens - before], 1) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const isSame = grid[0] === side && grid[1] === side;
  return {
    'tokenizer/pos_embedding': isSame
      ? tf.reshape(ofGrid, [1, tokens - before, width])
      : interpolatePositions(ofGrid, [side, side], grid),
    ...placedCls(before === 0 ? undefined : tf.slice(ofTokens, [0, 0, 0], [1, 1, width])),
  };
}
