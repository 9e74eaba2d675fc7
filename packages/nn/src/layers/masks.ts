import { described, isLive, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';

/**
 * A mask of tokens, float32, of the shape of `x` but its last axis, or `[B, T]` where it is of steps.
 *
 * @returns undefined for a mask of something else: TensorFlow.js gives a mask to all layers that come later, and to those in wrappers.
 */
export function maskOf(
  x: tf.Tensor,
  mask: tf.Tensor | null | undefined,
  ofSteps: boolean,
): tf.Tensor | undefined {
  if (mask == null || !maskFits(mask, x.shape)) return undefined;
  const tokens = x.shape.slice(0, -1);
  const numbers = tf.cast(mask, 'float32');
  if (mask.rank === tokens.length || ofSteps) return numbers;
  const between = tokens.slice(mask.rank).map(() => 1);
  return tf.add(tf.reshape(numbers, [...mask.shape, ...between]), tf.zeros(tokens));
}

/** Whether a mask can be that of what has this shape: one of all tokens, or of steps. */
export function maskFits(mask: tf.Tensor, shape: Shape): boolean {
  const tokens = shape.slice(0, -1);
  const isPart = mask.rank === tokens.length || (mask.rank >= 2 && mask.rank < tokens.length);
  return isPart && mask.shape.every((size, axis) => size === tokens[axis]);
}

/** @throws TypeError unless the mask is a tensor. @throws ShapeError unless it fits `x`. */
export function checkMask(name: string, mask: tf.Tensor, x: tf.Tensor, ofSteps: boolean): void {
  const tokens = x.shape.slice(0, -1);
  const fewest = Math.min(2, tokens.length);
  const most = ofSteps ? fewest : tokens.length;
  const shapes = Array.from({ length: most - fewest + 1 }, (_, more) =>
    told(tokens.slice(0, fewest + more)),
  );
  const wanted = shapes.join(' or ');
  if (!(mask instanceof tf.Tensor && isLive(mask))) {
    throw new TypeError(`${name} was ${described(mask)}; it must be a tensor ${wanted}`);
  }
  if (!maskFits(mask, x.shape)) {
    throw new ShapeError(`${name} was ${told(mask.shape)}; it must be ${wanted}`);
  }
}

const told = (shape: Shape) => `[${shape.join(', ')}]`;
