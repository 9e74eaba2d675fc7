import { dropoutNumbers } from '@neverend/nn';
import { util } from '@tensorflow/tfjs-core';
import { type AttentionAttrs, type AttentionInputs, attentionSizes } from '../types.ts';

/** The attributes as compiled kernels take them. */
export interface AttentionNumbers {
  /** How many keys after its own number a query sees: all where the call is not causal, at least none, in 32 bits. */
  readonly offset: number;
  /** A weight whose 24 random bits are below it is dropped; 0 where there is no dropout. */
  readonly threshold: number;
  /** What the weights that are not dropped are multiplied by. */
  readonly kept: number;
}

export function attentionNumbers(
  inputs: AttentionInputs,
  { causal, causalOffset, dropoutRate }: AttentionAttrs,
): AttentionNumbers {
  const { queries, keys } = attentionSizes(inputs);
  const offset = causal ? util.clamp(-queries, causalOffset, keys) : keys;
  return { offset, ...dropoutNumbers(dropoutRate) };
}
