import type { KernelCall } from '@neverend/backend';
import { sumRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { ConvAttrs, ConvGradInputs, ConvInputs } from './types.ts';

/** y_t = b + the sum over k of w_{K-1-k} x_{t-k}, up to where a sequence begins: `[outer, T, N, E]`. */
export function convComposite({ inputs, attrs }: KernelCall<ConvInputs, ConvAttrs>): tf.Tensor[] {
  let y: tf.Tensor = inputs.b;
  for (const { met, weights, masked } of eachTap(inputs, attrs)) {
    y = tf.add(y, masked(tf.mul(met(), weights())));
  }
  return [y];
}

/** The gradients by x, w and b. */
export function convGradComposite({
  inputs,
  attrs,
}: KernelCall<ConvGradInputs, ConvAttrs>): tf.Tensor[] {
  const { dy, w } = inputs;
  const width = w.shape[1] ?? 1;
  const sum = (value: tf.Tensor) => sumRows(tf.reshape(value, [-1, width]));
  const [dx, dw]: [tf.Tensor[], tf.Tensor[]] = [[], []];
  for (const { start, after, met, weights, masked } of eachTap(inputs, attrs)) {
    const around: [number, number][] = [
      [0, 0],
      [start, after],
      [0, 0],
      [0, 0],
    ];
    dx.push(tf.pad(masked(tf.mul(dy, weights())), around));
    dw.unshift(sum(masked(tf.mul(dy, met()))));
  }
  return [dx.reduce((total, part) => tf.add(total, part)), tf.stack(dw), sum(dy)];
}

/** What tap k meets, `[outer, T, N, E]`, its weights `[E]`, and its mask where there are resets. */
function* eachTap({ x, w, reset }: Omit<ConvInputs, 'b'>, { hasResets }: ConvAttrs) {
  const [taps, width] = w.shape as [number, number];
  const [outer, , tokens] = x.shape as [number, number, number];
  const steps = reset.shape[1] ?? 1;
  const masks = hasResets ? tapMasks(reset as tf.Tensor2D, taps) : [];
  for (let tap = 0; tap < taps; tap++) {
    const start = taps - 1 - tap;
    const mask = masks[tap];
    yield {
      start,
      after: tap,
      met: () => tf.slice(x, [0, start, 0, 0], [outer, steps, tokens, width]),
      weights: () => tf.reshape(tf.slice(w, [start, 0], [1, width]), [width]),
      // Not times the mask: 0 times what is not finite is NaN.
      masked: (value: tf.Tensor) =>
        tap === 0 || mask === undefined
          ? value
          : tf.where(tf.equal(tf.reshape(mask, [outer, steps, 1, 1]), 0), value, 0),
    };
  }
}

/** For each tap k, `[outer, T]`: 1 where the tap would reach over the beginning of a sequence, which any of the last k resets is. */
export function tapMasks(reset: tf.Tensor2D, taps: number): tf.Tensor2D[] {
  const masks = [tf.zerosLike(reset)];
  for (let tap = 1; tap < taps; tap++) {
    masks.push(tf.maximum(masks.at(-1) as tf.Tensor2D, delayed(reset, tap - 1)));
  }
  return masks;
}

/** `[outer, T]` as many steps later, with zeros before. */
function delayed(reset: tf.Tensor2D, steps: number): tf.Tensor2D {
  const [outer, length] = reset.shape;
  if (steps === 0) return reset;
  if (steps >= length) return tf.zerosLike(reset);
  return tf.pad(tf.slice(reset, [0, 0], [outer, length - steps]), [
    [0, 0],
    [steps, 0],
  ]);
}
