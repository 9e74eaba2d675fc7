import { checkOptions } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, type LanguageModelConfig } from '../language-model/config.ts';
import { tokenLosses } from '../language-model/cross-entropy.ts';
import type { Picks } from '../language-model/feed-forward/types.ts';
import { languageModel } from '../language-model/language-model.ts';
import { disposeAll, tidied } from '../language-model/tidied.ts';
import type { TokenStream } from '../text/token-stream.ts';
import { type TestOptions, type TestWindows, testWindows } from '../text/windows.ts';
import { checkStream, noneForetold } from './check-stream.ts';

/** How well a model foretells a text. */
export interface Evaluation {
  /** Mean cross-entropy of a token, in nats. */
  readonly loss: number;
  /** exp(loss). */
  readonly perplexity: number;
  /** Bits that a byte of the text takes. */
  readonly bitsPerByte: number;
  /** How many tokens were foretold, and how many bytes they stand for. */
  readonly tokens: number;
  readonly bytes: number;
}

/** How a text is tested. */
export interface EvaluateOptions extends Partial<TestOptions> {
  /** See `languageModel`. */
  readonly without?: readonly number[] | undefined;
  /** Called with the picks of each block that has them, of the tokens that foretell one that counts; they live until it returns. */
  readonly onPicks?: ((block: number, picks: Picks) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const optionNames: readonly (keyof EvaluateOptions)[] = [
  ...(['rows', 'length', 'overlap', 'windows', 'without'] as const),
  ...(['onPicks', 'signal', 'onProgress'] as const),
];

/**
 * Foretells each token of a text's documents once, with half a context or more before it, but for the first ones.
 *
 * @param options of `testWindows`: 8 rows, of the model's context and half of it as overlap, where they are left out.
 * @throws RangeError where the text is of another vocabulary, or has no token to foretell. @throws as `testWindows` and `languageModel` do, and the signal's reason.
 */
export async function evaluateLanguageModel(
  params: Params,
  config: LanguageModelConfig,
  stream: TokenStream,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkOptions('evaluateLanguageModel', options, optionNames);
  checkConfig(config);
  checkStream('stream', stream, config);
  const { signal, onProgress } = options;
  const { rows = 8, length = config.context, windows } = options;
  const { overlap = Math.floor(length / 2) } = options;
  const batches = testWindows(stream, { rows, length, overlap, windows });
  if (!batches.some(({ counted }) => counted.includes(1))) throw noneForetold('stream', stream);
  let [nats, tokens, bytes] = [0, 0, 0];
  for (const [done, batch] of batches.entries()) {
    signal?.throwIfAborted();
    const losses = await lossesOf(batch, params, config, options);
    // In float64, and in one order: sums of float32 would depend on the backend.
    for (const [at, loss] of losses.entries()) {
      if (batch.counted[at] === 0) continue;
      nats += loss;
      tokens++;
      bytes += stream.byteLengths[batch.targets[at] as number] ?? 0;
    }
    onProgress?.(done + 1, batches.length);
  }
  const loss = nats / tokens;
  return {
    ...{ loss, perplexity: Math.exp(loss) },
    ...{ bitsPerByte: nats / Math.LN2 / bytes, tokens, bytes },
  };
}

async function lossesOf(
  { inputs, targets, counted, rows, length }: TestWindows,
  params: Params,
  config: LanguageModelConfig,
  { without, onPicks }: EvaluateOptions,
): Promise<Float32Array> {
  const { losses, picks } = tidied(() => {
    const tensor = (data: Int32Array) => tf.tensor2d(data, [rows, length], 'int32');
    const wants = { without, picks: onPicks !== undefined };
    const { logits, picks } = languageModel(tensor(inputs), params, config, wants);
    const losses = tokenLosses(logits, tensor(targets));
    return { losses, picks: ofCounted(picks, counted) };
  });
  try {
    for (const [block, of] of Object.entries(picks)) await onPicks?.(Number(block), of);
    return (await losses.data<'float32'>()).slice();
  } finally {
    disposeAll([losses, picks]);
  }
}

/** The picks of the tokens whose targets count. */
function ofCounted(
  picks: Readonly<Record<number, Picks>>,
  counted: Float32Array,
): Record<number, Picks> {
  if (Object.keys(picks).length === 0) return {};
  const places = [...counted.keys()].filter((place) => counted[place] === 1);
  const rows = tf.tensor1d(places, 'int32');
  return Object.fromEntries(
    Object.entries(picks).map(([block, { indices, gates }]) => [
      block,
      { indices: tf.gather(indices, rows), gates: tf.gather(gates, rows) },
    ]),
  );
}
