import { cachedAttention, type KeyValueCache } from '@neverend/attention';
import {
  checkFlag,
  checkKey,
  checkOptions,
  described,
  type RandomKey,
  ShapeError,
  subkey,
} from '@neverend/backend';
import {
  checkedParam,
  checkParams,
  gatherRows,
  type Params,
  rmsNorm,
  subtree,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkTokenTensor } from './check-tokens.ts';
import {
  blockName,
  checkConfig,
  feedForwardName,
  feedForwards,
  type LanguageModelConfig,
} from './config.ts';
import type { FeedForward, FeedForwardResult, Picks } from './feed-forward/types.ts';
import { tidied } from './tidied.ts';

/** What a model has seen of its sequences so far: keys and values of each block. */
export type LanguageModelCache = readonly KeyValueCache[];

/** How a model is applied. */
export interface LanguageModelOptions {
  /** What a call before gave: the tokens then follow those that it has seen. */
  readonly cache?: LanguageModelCache | undefined;
  /** Whether the result has a cache. Default: where one is given. */
  readonly wantsCache?: boolean | undefined;
  /** Default: no. */
  readonly training?: boolean | undefined;
  /** Of what is drawn at random in training; nothing where it is left out. */
  readonly key?: RandomKey | undefined;
  /** Whether the result has picks. Default: no. */
  readonly picks?: boolean | undefined;
  /** Numbers of blocks whose feed-forward is left out, to see what it is worth. Default: none. */
  readonly without?: readonly number[] | undefined;
}

const optionNames: readonly (keyof LanguageModelOptions)[] = [
  ...(['cache', 'wantsCache', 'training', 'key', 'picks', 'without'] as const),
];

/** What a model makes of tokens. All tensors are the caller's to dispose. */
export interface LanguageModelResult {
  /** `[B, N, V]`: of the token that comes after each. */
  readonly logits: tf.Tensor3D;
  readonly cache?: LanguageModelCache;
  /** Sum of what feed-forward layers add to the loss, in training; none where they add nothing. */
  readonly auxiliaryLoss?: tf.Scalar;
  /** What parameters that are buffers become, in training. */
  readonly buffers: Readonly<Record<string, tf.Tensor>>;
  /** By the numbers of the blocks whose tokens pick. */
  readonly picks: Readonly<Record<number, Picks>>;
}

/**
 * A decoder-only transformer: blocks of causal attention with rotary positions and of a feed-forward layer, each behind an RMS norm (arXiv 1910.07467) and beside
 * what goes around it, and a last norm; the embedding is the last layer, too.
 *
 * @param tokens int32 `[B, N]`, from 0 to V - 1; those that were made on `webgpu` or `tensorflow` are not looked at. @param params as `paramShapes` has them.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a token out of range, or a block that is not there. @throws TypeError for an unknown option.
 */
export function languageModel(
  tokens: tf.Tensor,
  params: Params,
  config: LanguageModelConfig,
  options: LanguageModelOptions = {},
): LanguageModelResult {
  checkConfig(config);
  checkCall(options, config);
  const { cache, wantsCache = cache !== undefined } = options;
  const { vocabulary, width, normEps = 1e-6 } = config;
  checkTokenTensor('tokens', tokens, ['B', 'N'], vocabulary);
  checkParams(params);
  return tidied(() => {
    const embedding = checkedParam(params, 'embedding', [vocabulary, width]);
    let x = gatherRows(embedding, tokens);
    const made = feedForwards(config).map((layer, number) => {
      const result = block(x, layer, number, params, config, options);
      x = result.x;
      return result;
    });
    const normed = rmsNorm(x, checkedParam(params, 'norm/scale', [width]), { eps: normEps });
    const flat = tf.reshape(normed, [-1, width]) as tf.Tensor2D;
    const logits = tf.matMul(flat, embedding as tf.Tensor2D, false, true);
    const losses = made.flatMap(({ auxiliaryLoss }) => auxiliaryLoss ?? []);
    const picks = made.flatMap(({ picks }, number) => (picks ? [[number, picks] as const] : []));
    return {
      logits: tf.reshape<tf.Rank.R3>(logits, [...(tokens as tf.Tensor2D).shape, vocabulary]),
      ...(wantsCache && { cache: made.map((one) => one.cache) }),
      ...(losses.length > 0 && {
        auxiliaryLoss: losses.reduce((sum, loss) => tf.add(sum, loss)),
      }),
      buffers: Object.assign(
        {},
        ...made.map(({ buffers = {} }, number) => withPrefix(buffers, feedForwardName(number))),
      ),
      picks: Object.fromEntries(picks),
    };
  });
}

function checkCall(
  options: LanguageModelOptions,
  { blocks: { length } }: LanguageModelConfig,
): void {
  checkOptions('languageModel', options, optionNames);
  const { cache, wantsCache = false, training = false, key, picks = false, without = [] } = options;
  for (const [name, flag] of Object.entries({ wantsCache, training, picks })) {
    checkFlag(name, flag);
  }
  if (key !== undefined) checkKey('key', key);
  for (const [name, list] of Object.entries({ cache, without })) {
    if (list === undefined || Array.isArray(list)) continue;
    throw new TypeError(`${name} was ${described(list)}; it must be a list with blocks`);
  }
  if (cache !== undefined && cache.length !== length) {
    throw new ShapeError(`cache was of ${cache.length} blocks; the model has ${length}`);
  }
  const unknown = without.find(
    (block) => !(Number.isInteger(block) && block >= 0 && block < length),
  );
  if (unknown === undefined) return;
  throw new RangeError(`without had ${unknown}; it must have blocks from 0 to ${length - 1}`);
}

interface BlockResult extends Omit<FeedForwardResult, 'y'> {
  readonly x: tf.Tensor;
  readonly cache: KeyValueCache;
}

function block(
  x: tf.Tensor,
  layer: FeedForward,
  number: number,
  params: Params,
  config: LanguageModelConfig,
  { cache, training = false, key, picks, without = [] }: LanguageModelOptions,
): BlockResult {
  const { width, heads, rotaryBase, normEps = 1e-6 } = config;
  const own = subtree(params, blockName(number));
  const norm = (y: tf.Tensor, name: string) =>
    rmsNorm(y, checkedParam(own, `${name}/scale`, [width]), { eps: normEps });
  const attention = cachedAttention(
    norm(x, 'attention_norm'),
    subtree(own, 'attention/'),
    cache?.[number],
    { heads, rotary: rotaryBase === undefined ? {} : { base: rotaryBase } },
  );
  const attended = tf.add(x, attention.y);
  if (without.includes(number)) return { x: attended, cache: attention.cache };
  const flat = tf.reshape(norm(attended, 'feed_forward_norm'), [-1, width]) as tf.Tensor2D;
  const { y, ...beside } = layer.apply(flat, subtree(own, 'feed_forward/'), {
    training,
    picks,
    ...(key !== undefined && { key: subkey(key, number) }),
  });
  return { x: tf.add(attended, tf.reshape(y, x.shape)), cache: attention.cache, ...beside };
}
