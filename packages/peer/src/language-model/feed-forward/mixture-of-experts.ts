import { initMlp, mlp } from '@neverend/attention';
import { checkNumber, checkOptions, checkSizes, subkey } from '@neverend/backend';
import {
  checkedParam,
  gatherRows,
  linear,
  normal,
  softmax,
  subtree,
  withPrefix,
} from '@neverend/nn';
import { productKeyTopK } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { mlpShapes } from './dense.ts';
import type { FeedForward } from './types.ts';

/** Experts that are dense layers, of which each token picks some. */
export interface MixtureOfExpertsConfig {
  readonly kind: 'moe';
  readonly experts: number;
  /** How many a token picks. */
  readonly topK: number;
  /** Of each expert. */
  readonly hidden: number;
  /** Factor of the loss that spreads tokens over the experts; 0 for none. Default: 0.01. */
  readonly balance?: number | undefined;
}

/**
 * Mixture of experts by token choice (Shazeer et al., arXiv 1701.06538; GShard, arXiv 2006.16668): a token picks the experts with the largest scores x W, and
 * gets the sum of what they make of it, weighted by a softmax over those scores. A token sees no other one, so that the layer is causal, and none is dropped.
 * In training there is a loss beside, `balance · E · Σ f_e P_e` with f_e the share of the picks that fell on expert e and P_e the mean of its probability (Switch
 * Transformer, arXiv 2101.03961, equation 4): 1 · `balance` where all are alike.
 *
 * Each expert computes its own tokens. On `webgpu`, where to ask which these are would mean to wait for the device, every expert computes all tokens.
 *
 * @throws ShapeError | RangeError | TypeError naming a setting.
 */
export function mixtureOfExperts(
  config: Omit<MixtureOfExpertsConfig, 'kind'>,
  width: number,
): FeedForward {
  checkOptions('a mixture of experts', config, ['experts', 'topK', 'hidden', 'balance']);
  const { experts, topK, hidden, balance = 0.01 } = config;
  checkSizes({ experts, topK, hidden, width });
  checkNumber('balance', balance, 0);
  if (topK > experts) {
    throw new RangeError(`topK was ${topK}; it must be at most experts, which is ${experts}`);
  }
  const names = Array.from({ length: experts }, (_, expert) => `expert_${pad(expert)}/`);
  const parameters = 2 * width * hidden + hidden + width;
  return {
    shapes: {
      'router/kernel': [width, experts],
      ...Object.assign({}, ...names.map((name) => withPrefix(mlpShapes(width, hidden), name))),
    },
    ...{ tables: [], buffers: [], items: { sizes: [experts], tables: 1 } },
    costs: {
      activeParameters: width * experts + topK * parameters,
      flops: 2 * width * experts + topK * 4 * width * hidden,
      tableBytes: 0,
    },
    init: (key) => {
      const keyOf = (name: string) => subkey(key, name);
      const own = names.map((name) =>
        withPrefix(initMlp(keyOf(name), { width, mlpWidth: hidden }), name),
      );
      const router = normal(keyOf('router'), [width, experts], 1 / Math.sqrt(width));
      return Object.assign({ 'router/kernel': router }, ...own);
    },
    apply: (x, params, { training, picks }) => {
      const scores = linear(x, checkedParam(params, 'router/kernel', [width, experts]));
      const best = productKeyTopK([scores], topK);
      const chosen: Chosen = { indices: best.indices, gates: softmax(best.scores) };
      const ofExpert = names.map((name) => (part: tf.Tensor) => mlp(part, subtree(params, name)));
      const combine = tf.getBackend() === 'webgpu' ? weighAll : weighOwn;
      return {
        y: combine(x, chosen, ofExpert),
        ...(training && balance > 0 && { auxiliaryLoss: imbalance(scores, best.indices, balance) }),
        ...(picks && {
          picks: {
            indices: tf.expandDims(chosen.indices, 1),
            gates: tf.expandDims(chosen.gates, 1),
          },
        }),
      };
    },
  };
}

const pad = (expert: number): string => String(expert).padStart(3, '0');

type Experts = readonly ((part: tf.Tensor) => tf.Tensor)[];

/** What each token picked, `[T, K]`. */
interface Chosen {
  readonly indices: tf.Tensor;
  readonly gates: tf.Tensor;
}

/**
 * Each expert computes the tokens that picked it: their rows lie together, in the order of the experts. One that was not picked computes the first token, for
 * nobody, so that its parameters have gradients.
 */
function weighOwn(x: tf.Tensor2D, { indices, gates }: Chosen, experts: Experts): tf.Tensor2D {
  const [tokens, width] = x.shape;
  const picked = indices.dataSync<'int32'>();
  const each = picked.length / tokens;
  const counts = new Int32Array(experts.length);
  for (const expert of picked) (counts[expert] as number)++;
  let end = 0;
  const spans = Array.from(counts, (count) => {
    const start = end;
    end += Math.max(1, count);
    return { start, length: end - start };
  });
  const next = spans.map(({ start }) => start);
  const tokenOf = new Int32Array(end);
  const places = Int32Array.from(picked, (expert, pick) => {
    const place = (next[expert] as number)++;
    tokenOf[place] = Math.floor(pick / each);
    return place;
  });
  const rows = gatherRows(x, tf.tensor1d(tokenOf, 'int32'));
  const parts = spans.map(({ start, length }, expert) =>
    (experts[expert] as Experts[number])(tf.slice(rows, [start, 0], [length, width])),
  );
  const made = gatherRows(tf.concat(parts), tf.tensor2d(places, [tokens, each], 'int32'));
  return tf.sum(tf.mul(made, tf.expandDims(gates, 2)), 1) as tf.Tensor2D;
}

function weighAll(x: tf.Tensor2D, { indices, gates }: Chosen, experts: Experts): tf.Tensor2D {
  const hits = tf.oneHot(indices as tf.Tensor2D, experts.length);
  const ofExperts = tf.sum(tf.mul(hits, tf.expandDims(gates, 2)), 1);
  const parts = tf.split(ofExperts, experts.length, 1).map((gate, expert) => {
    return tf.mul((experts[expert] as Experts[number])(x), gate);
  });
  return parts.reduce((sum, part) => tf.add(sum, part)) as tf.Tensor2D;
}

function imbalance(scores: tf.Tensor, indices: tf.Tensor, factor: number): tf.Scalar {
  const experts = scores.shape[1] ?? 1;
  const hits = tf.oneHot(tf.reshape(indices, [-1]) as tf.Tensor1D, experts);
  const shares = tf.mean(tf.cast(hits, 'float32'), 0);
  const probabilities = tf.mean(softmax(scores), 0);
  return tf.mul(tf.sum(tf.mul(shares, probabilities)), factor * experts);
}
