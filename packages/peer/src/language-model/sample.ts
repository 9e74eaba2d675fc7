import {
  checkedSize,
  checkNumber,
  checkOptions,
  described,
  randomKey,
  randomUniform,
} from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkTokens } from './check-tokens.ts';
import { checkConfig, type LanguageModelConfig } from './config.ts';
import { type LanguageModelCache, languageModel } from './language-model.ts';
import { disposeAll, tidied } from './tidied.ts';

/** How the next token is drawn. */
export interface SampleOptions {
  /** Divides the logits: below 1 for likelier tokens, 0 for the likeliest one. Default: 1. */
  readonly temperature?: number | undefined;
  /** Draws among so many of the likeliest tokens. Default: all. */
  readonly topK?: number | undefined;
  /** Draws among the likeliest tokens that have this probability together, the last of them included: above 0 and up to 1. Default: 1. */
  readonly topP?: number | undefined;
  /** Default: 0. */
  readonly seed?: number | undefined;
}

/**
 * Continues a sequence, token by token, for as long as the next one is asked for. Each costs one token, by the cache; where the context is full, its second half is
 * computed anew as the beginning of another.
 *
 * @param prompt tokens before the first drawn one: one at least; of more than a context, the last ones count.
 * @throws RangeError | ShapeError | TypeError naming an option, or a prompt that is empty or has what is no token.
 */
export async function* sampleTokens(
  params: Params,
  config: LanguageModelConfig,
  prompt: ArrayLike<number>,
  options: SampleOptions = {},
): AsyncGenerator<number, void> {
  checkSample(options);
  checkConfig(config);
  if (prompt?.length === undefined) {
    throw new TypeError(`prompt was ${described(prompt)}; it must be a list of tokens`);
  }
  if (prompt.length === 0) {
    throw new RangeError('prompt was empty; it must have one token at least');
  }
  checkTokens('prompt', prompt, config.vocabulary);
  const { seed = 0 } = options;
  const { context } = config;
  const seen = Array.from(prompt);
  let next = seen.slice(-context);
  let cache: LanguageModelCache | undefined;
  try {
    for (let drawn = 0; ; drawn++) {
      if (cache !== undefined && (cache[0]?.key.shape[1] ?? 0) + next.length > context) {
        disposeAll(cache);
        cache = undefined;
        next = seen.slice(-Math.max(1, Math.floor(context / 2)));
      }
      const step = advance(next, params, config, cache);
      disposeAll(cache);
      cache = step.cache;
      const logits = await step.logits.data<'float32'>();
      step.logits.dispose();
      const [u = 0] = randomUniform(randomKey(seed, 'sample', drawn), 1);
      const token = draw(logits, u, options);
      seen.push(token);
      next = [token];
      yield token;
    }
  } finally {
    disposeAll(cache);
  }
}

/** The logits after the last of some tokens, and the cache with them. */
function advance(
  tokens: readonly number[],
  params: Params,
  config: LanguageModelConfig,
  cache: LanguageModelCache | undefined,
): { logits: tf.Tensor; cache: LanguageModelCache } {
  return tidied(() => {
    const input = tf.tensor2d([...tokens], [1, tokens.length], 'int32');
    const result = languageModel(input, params, config, { cache, wantsCache: true });
    const last = tf.slice(result.logits, [0, tokens.length - 1, 0], [1, 1, -1]);
    return { logits: tf.reshape(last, [-1]), cache: result.cache as LanguageModelCache };
  });
}

/** @throws RangeError | ShapeError | TypeError naming an option. */
function checkSample(options: SampleOptions): void {
  checkOptions('sample', options, ['temperature', 'topK', 'topP', 'seed']);
  const { temperature = 1, topK = 1, topP = 1, seed = 0 } = options;
  checkNumber('temperature', temperature, 0);
  checkedSize('topK', topK);
  if (!(Number.isFinite(topP) && topP > 0 && topP <= 1)) {
    throw new RangeError(`topP was ${described(topP)}; it must be above 0 and at most 1`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`seed was ${described(seed)}; it must be an integer`);
  }
}

/**
 * The token that a number in [0, 1) falls on, with the tokens in the order of their probabilities, the likeliest first and equal ones by their numbers.
 */
export function draw(logits: ArrayLike<number>, u: number, options: SampleOptions): number {
  const { temperature = 1, topK = logits.length, topP = 1 } = options;
  const order = Array.from(logits, (_, token) => token).sort(
    (a, b) => Number(logits[b]) - Number(logits[a]) || a - b,
  );
  const [first = 0] = order;
  if (temperature === 0) return first;
  const most = Number(logits[first]);
  const weights = order
    .slice(0, topK)
    .map((token) => Math.exp((Number(logits[token]) - most) / temperature));
  const sums = weights.map(
    (
      (sum) => (weight) =>
        (sum += weight)
    )(0),
  );
  const all = sums.at(-1) ?? 1;
  const kept = 1 + sums.findIndex((sum) => sum >= topP * all);
  const limit = u * (sums[kept - 1] ?? all);
  const at = sums.findIndex((sum) => sum > limit);
  return order[Math.min(at < 0 ? kept - 1 : at, kept - 1)] ?? first;
}
