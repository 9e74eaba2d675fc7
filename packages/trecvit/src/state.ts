import type * as tf from '@tensorflow/tfjs-core';
import { type TRecViTConfig, tokensOf } from './config.ts';
import type { TRecViTState } from './forward.ts';

/** How a stream averages over time. */
export type Average = { readonly halfLife: number } | { readonly window: number };

/** What a stream needs to go on. Only one of the same configuration, batch and average takes it. */
export type StreamState = {
  readonly config: TRecViTConfig;
  readonly average: Average;
  /** The frames that each row has seen since it began; where this is 0, the row's numbers count for nothing. */
  readonly seen: readonly number[];
  /** After the last frame; undefined where no row has seen any. */
  readonly model: TRecViTState | undefined;
};

/** The tensors of a state by names: `layers/<number>/rg_lru` and `/conv`, `head/values` and `/weights`. */
export function namedState({ layers, head }: TRecViTState): Record<string, tf.Tensor> {
  const ofLayers = layers.flatMap(({ rgLru, conv }, layer) => [
    [`layers/${layer}/rg_lru`, rgLru],
    [`layers/${layer}/conv`, conv],
  ]);
  return {
    ...Object.fromEntries(ofLayers),
    'head/values': head.values,
    'head/weights': head.weights,
  };
}

/** The state that has what `of` gives for each of its names. */
export function stateOf(layers: number, of: (name: string) => tf.Tensor): TRecViTState {
  return {
    layers: Array.from({ length: layers }, (_, layer) => ({
      rgLru: of(`layers/${layer}/rg_lru`),
      conv: of(`layers/${layer}/conv`),
    })),
    head: { values: of('head/values'), weights: of('head/weights') },
  };
}

/** The shape of each tensor of a stream's state, by its name. */
export function stateShapes(
  batch: number,
  average: Average,
  config: TRecViTConfig,
): Record<string, number[]> {
  const { layers, lruWidth, taps, headWidth } = config;
  const kept = 'window' in average ? average.window : 1;
  const tokens = tokensOf(config);
  const ofLayers = Array.from({ length: layers }, (_, layer) => ({
    [`layers/${layer}/rg_lru`]: [batch, tokens, lruWidth],
    [`layers/${layer}/conv`]: [batch, taps - 1, tokens, lruWidth],
  }));
  return {
    ...Object.assign({}, ...ofLayers),
    'head/values': [batch, kept, headWidth],
    'head/weights': [batch, kept],
  };
}
