import { initSpaceAttention } from '@neverend/attention';
import {
  checkKey,
  checkObject,
  checkTensor,
  type RandomKey,
  ShapeError,
  subkey,
} from '@neverend/backend';
import { normal, type Params, withPrefix } from '@neverend/nn';
import { checkTableRoom } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import {
  blockName,
  checkConfig,
  feedForwardName,
  feedForwards,
  type LanguageModelConfig,
} from './config.ts';
import { tidied } from './tidied.ts';

/**
 * Shapes of all parameters, by name. `embedding` `[V, D]` is also the last layer. Blocks are `block_00/` and so on, each with `attention_norm/scale`, `attention/` as
 * `spaceAttention` of `@neverend/attention` names it, `feed_forward_norm/scale`, and `feed_forward/`. @throws as `checkConfig` does.
 */
export function paramShapes(config: LanguageModelConfig): Record<string, readonly number[]> {
  checkConfig(config);
  const { vocabulary, width, heads } = config;
  const depth = width / heads;
  const attention = Object.fromEntries(
    ['query', 'key', 'value'].flatMap((name) => [
      [`${name}/kernel`, [width, heads, depth]],
      [`${name}/bias`, [heads, depth]],
    ]),
  ) as Record<string, readonly number[]>;
  const blocks = feedForwards(config).map(({ shapes }, block) => ({
    ...withPrefix(
      {
        'attention_norm/scale': [width],
        ...withPrefix(attention, 'attention/'),
        'attention/out/kernel': [heads, depth, width],
        'attention/out/bias': [width],
        'feed_forward_norm/scale': [width],
      },
      blockName(block),
    ),
    ...withPrefix(shapes, feedForwardName(block)),
  }));
  return Object.assign({ embedding: [vocabulary, width] }, ...blocks, { 'norm/scale': [width] });
}

/** Names of parameters that are trained in other ways than by a gradient of their own size. */
export function specialParams(config: LanguageModelConfig): {
  readonly tables: readonly string[];
  readonly buffers: readonly string[];
} {
  const of = (kind: 'tables' | 'buffers') =>
    feedForwards(config).flatMap((layer, block) =>
      layer[kind].map((name) => `${feedForwardName(block)}${name}`),
    );
  return { tables: of('tables'), buffers: of('buffers') };
}

/**
 * Parameters that a model begins with: the embedding normal with a standard deviation of 0.02, attention Xavier uniform, norms 1, and what feed-forward layers
 * begin with.
 *
 * @returns a function of the key alone; the caller's to dispose. @throws as `checkConfig` does. @throws BackendError where the tables of all blocks do not fit the
 * current backend together, before anything is made.
 */
export function initParams(config: LanguageModelConfig, key: RandomKey): Record<string, tf.Tensor> {
  checkConfig(config);
  checkKey('key', key);
  checkTablesTogether(config);
  const { vocabulary, width, heads } = config;
  const keyOf = (...place: (string | number)[]) => subkey(key, ...place);
  // What is made is freed where a later layer throws.
  return tidied(() => {
    const blocks = feedForwards(config).map((layer, block) => {
      const attention = initSpaceAttention(keyOf('attention', block), { width, heads });
      return {
        ...withPrefix(
          {
            'attention_norm/scale': tf.ones([width]),
            ...withPrefix(attention, 'attention/'),
            'feed_forward_norm/scale': tf.ones([width]),
          },
          blockName(block),
        ),
        ...withPrefix(layer.init(keyOf('feed forward', block)), feedForwardName(block)),
      };
    });
    return Object.assign(
      { embedding: normal(keyOf('embedding'), [vocabulary, width], 0.02) },
      ...blocks,
      { 'norm/scale': tf.ones([width]) },
    );
  });
}

/** Each block alone may fit where all do not. */
function checkTablesTogether(config: LanguageModelConfig): void {
  const shapes = paramShapes(config);
  const tables = specialParams(config).tables.map((name) => [name, shapes[name] ?? []] as const);
  const counts = feedForwards(config).map(({ items }) => items?.tables ?? 1);
  checkTableRoom(Object.fromEntries(tables), Math.max(...counts));
}

/** @throws ShapeError naming every parameter that is missing, not expected, or of another shape. @throws DTypeError likewise. */
export function checkParams(config: LanguageModelConfig, params: Params): void {
  const shapes = paramShapes(config);
  checkObject('params', params, 'of tensors by names');
  const wrong = Object.entries(shapes).flatMap(([name, shape]) => {
    const param = params[name];
    if (param === undefined) return [`${name} is missing`];
    if (!(param instanceof tf.Tensor)) return [`${name} is no tensor`];
    const fits = tf.util.arraysEqual(param.shape, [...shape]);
    return fits ? [] : [`${name} is [${param.shape}] and not [${shape}]`];
  });
  const extra = Object.keys(params).filter((name) => !Object.hasOwn(shapes, name));
  const problems = [...wrong, ...extra.map((name) => `${name} is not expected`)];
  if (problems.length > 0) {
    throw new ShapeError(`params do not fit the model: ${problems.join('; ')}`);
  }
  for (const [name, shape] of Object.entries(shapes)) {
    checkTensor(`params["${name}"]`, params[name] as tf.Tensor, [...shape]);
  }
}
