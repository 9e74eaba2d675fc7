import type { KernelCall } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { rgLru } from '../rg-lru/index.ts';
import { temporalConv } from '../temporal-conv/index.ts';
import type { GatedRecurrenceAttrs, GatedRecurrenceInputs } from './types.ts';

/** The gated result, the state of the recurrence and that of the convolution, with a gradient. */
export function gatedRecurrenceComposite({
  inputs,
  attrs: { hasState, hasResets },
}: KernelCall<GatedRecurrenceInputs, GatedRecurrenceAttrs>): tf.Tensor[] {
  const { x, gate, w, b, conv, state, reset } = inputs;
  // Only whether a position is 0 means something.
  const inTime = hasResets ? { segmentPos: tf.cast(tf.sub(1, reset), 'int32') } : {};
  const mixed = temporalConv(x, { w, b }, { ...inTime, ...(hasState ? { state: conv } : {}) });
  const params = {
    a_param: inputs.aParam,
    'input_gate/w': inputs.inputW,
    'input_gate/b': inputs.inputB,
    'a_gate/w': inputs.recurrenceW,
    'a_gate/b': inputs.recurrenceB,
  };
  const unit = rgLru(mixed.y, params, { ...inTime, ...(hasState ? { state } : {}) });
  return [tf.mul(unit.y, gate), unit.state, mixed.state];
}
