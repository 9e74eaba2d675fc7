import * as tf from '@tensorflow/tfjs-core';
import {
  atStart,
  conjugate,
  type Planes,
  plus,
  scanComposite,
  shifted,
  startOf,
  times,
} from './composite.ts';

/**
 * With g_t = dy_t + conj(a_{t+1}) g_{t+1}, the recurrence from its end: dx = g, da_t = g_t conj(h_{t-1}) and
 * dh0 = conj(a_0) g_0. Real and imaginary parts count as numbers of their own.
 *
 * @param y the states that the forward pass gave, `[outer, T, inner]` each.
 * @returns da and dx, `[outer, T, inner]` each, and dh0, `[outer, inner]` each.
 */
export function scanGradComposite(
  dy: Planes,
  a: Planes,
  y: Planes,
  h0: Planes,
  reverse: boolean,
): { da: tf.Tensor[]; dx: tf.Tensor[]; dh0: tf.Tensor[] } {
  const length = y[0]?.shape[1] ?? 1;
  const back = conjugate(a);
  const nothing = h0.map((state) => tf.zerosLike(state));
  const dx = scanComposite(shifted(back, 1, !reverse), dy, nothing, !reverse);
  const before = plus(shifted(y, 1, reverse), atStart(h0, length, reverse));
  return {
    da: times(dx, conjugate(before)),
    dx,
    dh0: times(startOf(back, reverse), startOf(dx, reverse)),
  };
}
