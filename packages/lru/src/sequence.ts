import { checkFlag, checkOptions, checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { MaskOption } from './mask.ts';

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

/** The direction of a recurrence. */
export interface ReverseOption {
  /**
   * Whether the recurrence goes from the last step to the first. Then `state` is that of the steps after, a sequence begins at its last
   * step, which is the one before a step at 0, and the returned state is that at the first step. Default: false.
   */
  readonly reverse?: boolean;
}

/** What every recurrence takes. */
export type RecurrenceOptions<State> = SequenceOptions<State> & MaskOption & ReverseOption;

/**
 * @param owner whose options they are. @param more the names of those that it takes beside them.
 * @throws ShapeError | DTypeError unless `x` is a sequence and `segmentPos` fits it. @throws TypeError naming an unknown option.
 */
export function checkSequence<T extends RecurrenceOptions<unknown>>(
  owner: string,
  x: tf.Tensor,
  options: T,
  more: readonly (keyof T & string)[] = [],
): void {
  checkOptions(owner, options, ['segmentPos', 'state', ...more]);
  const { segmentPos, mask, reverse = false } = options;
  checkFlag('reverse', reverse);
  checkTensor('x', x, x?.rank === 4 ? ['B', 'T', 'N', 'D'] : ['rows', 'T', 'D']);
  if (segmentPos !== undefined) {
    checkTensor('segmentPos', segmentPos, x.shape.slice(0, 2), 'int32');
    if (mask !== undefined) {
      throw new TypeError('mask and segmentPos were both given; one of them must be left out');
    }
  }
  if (mask !== undefined) checkTensor('mask', mask, x.shape.slice(0, 2));
}

/** The shape of `x` with its time replaced, or left out. */
export function withTime(x: tf.Tensor, steps?: number): number[] {
  const [outer, , ...rest] = x.shape as [number, number, ...number[]];
  return steps === undefined ? [outer, ...rest] : [outer, steps, ...rest];
}

/** 1 where a sequence begins, 0 elsewhere: `[rows, T]` or `[B, T]`, float32. @param isContinued whether the first step goes on from a state. */
export function resetMask(
  x: tf.Tensor,
  { segmentPos, mask, reverse = false }: RecurrenceOptions<unknown>,
  isContinued: boolean,
): tf.Tensor2D {
  const [outer, steps] = x.shape as [number, number];
  const ofFirst = isContinued ? tf.zeros([outer, 1]) : tf.ones([outer, 1]);
  if (segmentPos !== undefined) {
    const begins = tf.cast(tf.equal(segmentPos, 0), 'float32') as tf.Tensor2D;
    if (!reverse) return begins;
    const next = steps === 1 ? [] : [tf.slice(begins, [0, 1], [outer, steps - 1])];
    return tf.concat([...next, ofFirst], 1) as tf.Tensor2D;
  }
  if (isContinued) return tf.zeros([outer, steps]);
  if (mask !== undefined) {
    const isFirst = tf.equal(tf.cumsum(mask, 1, false, reverse), 1);
    return tf.mul(mask, tf.cast(isFirst, 'float32'));
  }
  if (steps === 1) return ofFirst as tf.Tensor2D;
  const others = tf.zeros([outer, steps - 1]);
  return tf.concat(reverse ? [others, ofFirst] : [ofFirst, others], 1) as tf.Tensor2D;
}
