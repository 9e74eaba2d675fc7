import { checkNumber, checkTensor, described } from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import { sumRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Mean and variance of each feature, `[F]`. */
export interface Moments {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
}

/** How a batch norm is made. */
export interface BatchNormOptions {
  /** Whether tokens are normalised by their own mean and variance; else by those that were running. Default: false. */
  readonly training?: boolean | undefined;
  /** `[T]`, float32: 1 for tokens that count, 0 for padding, nothing between. Default: all count. */
  readonly mask?: tf.Tensor | undefined;
  /** How far the running figures go to those of a batch. Default: 0.1. */
  readonly momentum?: number | undefined;
  /** What is added to the variance. Default: 1e-5. */
  readonly epsilon?: number | undefined;
}

/**
 * Batch normalisation of each feature over all tokens (arXiv 1502.03167, algorithm 1), with the variance of the population; the running
 * variance gets that of the sample, as PyTorch has it. Padding does not count, and is normalised by what the others come to; it must be finite.
 *
 * @param x `[T, F]`, float32. @param scale `[F]`. @param shift `[F]`. @param running their figures so far, `[F]`.
 * @returns `[T, F]`, and in training the running figures after this batch. The caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a momentum or an epsilon that is none.
 */
export function batchNorm(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  running: Moments,
  options: BatchNormOptions = {},
): { readonly y: tf.Tensor; readonly running?: Moments } {
  const { training = false, mask, momentum = 0.1, epsilon = 1e-5 } = options;
  checkTensor('x', x, ['T', 'F']);
  const [tokens = 1, features = 1] = x.shape;
  for (const [name, tensor] of Object.entries({ scale, shift, ...running })) {
    checkTensor(name, tensor, [features]);
  }
  if (mask !== undefined) checkTensor('mask', mask, [tokens]);
  checkMomentum(momentum);
  checkNumber('epsilon', epsilon, 0);
  return tf.tidy(() => {
    if (!training) {
      const factor = tf.mul(scale, tf.rsqrt(tf.add(running.variance, epsilon)));
      return { y: tf.add(tf.mul(tf.sub(x, running.mean), factor), shift) };
    }
    const counted = mask && tf.reshape(mask, [tokens, 1]);
    const batch = momentsOf(x, counted);
    const y = normalised(x, scale, shift, batch, counted, epsilon);
    const { count } = batch;
    const sample = tf.div(count, tf.maximum(tf.sub(count, 1), 1));
    // Where no token counts, the figures stay.
    const part = mask === undefined ? momentum : tf.mul(tf.minimum(tf.sum(mask), 1), momentum);
    const mixed = (old: tf.Tensor, now: tf.Tensor) => tf.add(old, tf.mul(tf.sub(now, old), part));
    return {
      y,
      running: {
        mean: mixed(running.mean, batch.mean),
        variance: mixed(running.variance, tf.mul(batch.variance, sample)),
      },
    };
  }) as { y: tf.Tensor; running?: { mean: tf.Tensor; variance: tf.Tensor } };
}

/** @throws RangeError unless it is from 0 to 1. */
export function checkMomentum(momentum: number): void {
  if (!(Number.isFinite(momentum) && momentum >= 0 && momentum <= 1)) {
    throw new RangeError(`momentum was ${described(momentum)}; it must be from 0 to 1`);
  }
}

type BatchMoments = Moments & { readonly count: tf.Tensor };

const counting = (x: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor2D =>
  (mask === undefined ? x : tf.mul(x, mask)) as tf.Tensor2D;

function momentsOf(x: tf.Tensor, mask: tf.Tensor | undefined): BatchMoments {
  const count = mask === undefined ? tf.scalar(x.shape[0] ?? 1) : tf.maximum(tf.sum(mask), 1);
  const mean = tf.div(sumRows(counting(x, mask)), count);
  const squares = counting(tf.square(tf.sub(x, mean)), mask);
  return { mean, variance: tf.div(sumRows(squares), count), count };
}

/** As one node of the tape: mean and variance have their part in the gradient. */
function normalised(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  { mean, variance, count }: BatchMoments,
  mask: tf.Tensor | undefined,
  epsilon: number,
): tf.Tensor {
  return withGradient([x, scale, shift], () => {
    const factor = tf.rsqrt(tf.add(variance, epsilon));
    const unit = tf.mul(tf.sub(x, mean), factor);
    return {
      value: tf.add(tf.mul(unit, scale), shift),
      saved: [unit, scale, factor, count, ...(mask === undefined ? [] : [mask])],
      backward: (dy, kept) => {
        const [unit, scale, factor, count, mask] = kept as [
          ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
          tf.Tensor | undefined,
        ];
        const dScale = sumRows(tf.mul(dy, unit) as tf.Tensor2D);
        const dShift = sumRows(dy as tf.Tensor2D);
        // What each token that counts moved the mean and the variance of all.
        const moved = tf.div(tf.add(dShift, tf.mul(unit, dScale)), count);
        const dUnit = tf.sub(dy, counting(moved, mask));
        return [tf.mul(dUnit, tf.mul(scale, factor)), dScale, dShift];
      },
    };
  });
}
