import * as tf from '@tensorflow/tfjs-core';

/** Whether a shape is that of the last axes of another one, which numbers go through one after the other. */
export function isEnd(shape: readonly number[], whole: readonly number[]): boolean {
  const first = shape.findIndex((size) => size !== 1);
  const own = first < 0 ? [] : shape.slice(first);
  return (
    shape.length <= whole.length && tf.util.arraysEqual(own, whole.slice(whole.length - own.length))
  );
}
