import { checkOptions, checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** What every layer over time takes beside its input and parameters. */
export interface SequenceOptions<State> {
  /**
   * Where each step stands in its own sequence, int32: `[rows, T]` or `[B, T]`, the first two axes of `x`. A step at 0 begins
   * a sequence anew: nothing from before reaches it or what follows, not even what is not finite, in its row alone. Default:
   * without a state the first step is at 0, with a state none is.
   */
  readonly segmentPos?: tf.Tensor;
  /** What a call returned for the steps before. Default: nothing came before. */
  readonly state?: State;
}

/**
 * @param owner whose options they are. @param more the names of those that it takes beside them.
 * @throws ShapeError | DTypeError unless `x` is a sequence and `segmentPos` fits it. @throws TypeError naming an unknown option.
 */
export function checkSequence<T extends SequenceOptions<unknown>>(
  owner: string,
  x: tf.Tensor,
  options: T,
  more: readonly (keyof T & string)[] = [],
): void {
  checkOptions(owner, options, ['segmentPos', 'state', ...more]);
  const { segmentPos } = options;
  checkTensor('x', x, x.rank === 4 ? ['B', 'T', 'N', 'D'] : ['rows', 'T', 'D']);
  if (segmentPos !== undefined) {
    checkTensor('segmentPos', segmentPos, x.shape.slice(0, 2), 'int32');
  }
}

/** The shape of `x` with its time replaced, or left out. */
export function withTime(x: tf.Tensor, steps?: number): number[] {
  const [outer, , ...rest] = x.shape as [number, number, ...number[]];
  return steps === undefined ? [outer, ...rest] : [outer, steps, ...rest];
}

/** 1 where a sequence begins, 0 elsewhere: `[rows, T]` or `[B, T]`, float32. */
export function resetMask(
  x: tf.Tensor,
  segmentPos: tf.Tensor | undefined,
  isContinued: boolean,
): tf.Tensor2D {
  const [outer, steps] = x.shape as [number, number];
  if (segmentPos !== undefined) return tf.cast(tf.equal(segmentPos, 0), 'float32') as tf.Tensor2D;
  if (isContinued) return tf.zeros([outer, steps]);
  if (steps === 1) return tf.ones([outer, 1]);
  return tf.concat([tf.ones([outer, 1]), tf.zeros([outer, steps - 1])], 1) as tf.Tensor2D;
}
