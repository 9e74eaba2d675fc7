import type { Tensor } from '@tensorflow/tfjs-core';

export type GatedRecurrenceInputs = {
  /** `[rows, T, E]` or `[B, T, N, E]`. */
  readonly x: Tensor;
  /** What the result is multiplied by, of the shape of `x`. */
  readonly gate: Tensor;
  /** The convolution's taps, `[K, E]`. */
  readonly w: Tensor;
  /** `[E]`. */
  readonly b: Tensor;
  /** `[H, E/H, E/H]`. */
  readonly inputW: Tensor;
  /** `[H, E/H]`. */
  readonly inputB: Tensor;
  /** `[H, E/H, E/H]`. */
  readonly recurrenceW: Tensor;
  /** `[H, E/H]`. */
  readonly recurrenceB: Tensor;
  /** `[E]`. */
  readonly aParam: Tensor;
  /** The last steps before, `[outer, K-1, (N,) E]`. Not looked at without a state. */
  readonly conv: Tensor;
  /** The state of the recurrence before, `[outer, (N,) E]`. Not looked at without a state. */
  readonly state: Tensor;
  /** 1 where a sequence begins and 0 elsewhere, `[outer, T]`. Not looked at without resets. */
  readonly reset: Tensor;
};

export type GatedRecurrenceAttrs = {
  /** Whether there were steps before. */
  readonly hasState: boolean;
  /** Whether `reset` says where sequences begin. Without it the first step does where there is no state, and none where there is one. */
  readonly hasResets: boolean;
};

/** `outer` and `steps` are the first two axes, `tokens` the third of four. */
export interface GatedRecurrenceSizes {
  readonly outer: number;
  readonly steps: number;
  readonly tokens: number;
  readonly width: number;
  readonly taps: number;
  readonly heads: number;
  /** The shape of the convolution's state. */
  readonly convShape: number[];
  /** The shape of the recurrence's. */
  readonly stateShape: number[];
}

export function gatedRecurrenceSizes({
  x,
  w,
  inputW,
}: Pick<GatedRecurrenceInputs, 'x' | 'w' | 'inputW'>): GatedRecurrenceSizes {
  const [outer, steps, ...rest] = x.shape as [number, number, ...number[]];
  const width = rest.at(-1) ?? 1;
  const taps = w.shape[0] ?? 1;
  return {
    ...{ outer, steps, width, taps, heads: inputW.shape[0] ?? 1 },
    tokens: rest.length === 2 ? (rest[0] ?? 1) : 1,
    convShape: [outer, taps - 1, ...rest],
    stateShape: [outer, ...rest],
  };
}
