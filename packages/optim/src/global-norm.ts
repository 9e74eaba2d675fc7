import { checkObject, checkTensorOf, DTypeError, described } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { type HostRowGradient, type MergePlan, mergeByPlan, planMerge } from './rows/merge-rows.ts';
import { checkRowGradient } from './rows/row-gradient.ts';

/** The constant that PyTorch adds to the norm before it divides by it. */
const normEpsilon = 1e-6;

/**
 * Gradients by the variables' names: dense, or of some rows of a table. A row that comes several times counts once,
 * with the sum of its gradients. The null that `tf.variableGrads` gives for a variable that is frozen is skipped.
 */
export type NamedGradients = Readonly<Record<string, tf.Tensor | HostRowGradient>>;

/** Gradients by the same names, each of its kind: a tensor, or rows. */
export type ClippedGradients<G extends NamedGradients> = { [K in keyof G]: ClippedGradient<G[K]> };

/** What clipping makes of a gradient: a tensor of a tensor, rows of rows. */
export type ClippedGradient<T> = T extends tf.Tensor ? tf.Tensor : HostRowGradient;

/**
 * Euclidean norm of all gradients taken as one vector. Nothing is read back from the device.
 *
 * @param grads float32 of any shapes; they stay the caller's.
 * @returns the norm, a scalar; 0 when there are no gradients. The caller disposes it.
 * @throws TypeError, ShapeError or DTypeError naming what is no gradient, and the row gradient whose indices and rows do not fit each other.
 */
export function globalNorm(grads: NamedGradients): tf.Scalar {
  const gradients = present(grads);
  return tf.tidy(() => normOf(gradients.map(merged)));
}

/**
 * Scales all gradients by `min(1, maxNorm / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_` does, in new
 * tensors. Nothing is read back from the device.
 *
 * What is not finite goes PyTorch's way too. A NaN among the gradients makes the norm and all gradients NaN.
 * A norm of `Infinity`, from an infinite gradient or from squares above float32 (gradients above 1.8e19),
 * makes infinite gradients NaN and all others 0 (all NaN where `maxNorm` is `Infinity`): look at the norm.
 *
 * @param grads float32 of any shapes; they stay the caller's.
 * @param maxNorm largest norm; `Infinity` only measures a norm that is finite.
 * @returns the scaled gradients under their names, none for null, those of rows with no row twice, and the norm
 * before scaling; the caller disposes both.
 * @throws RangeError when `maxNorm` is not above 0.
 * @throws TypeError, ShapeError or DTypeError naming what is no gradient, and the row gradient whose indices and rows do not fit each other.
 */
export function clipByGlobalNorm<G extends NamedGradients>(
  grads: G,
  maxNorm: number,
): { grads: ClippedGradients<G>; norm: tf.Scalar } {
  if (!(typeof maxNorm === 'number' && maxNorm > 0)) {
    throw new RangeError(`maxNorm was ${described(maxNorm)}; it must be above 0`);
  }
  const gradients = present(grads);
  const { scaled, norm } = tf.tidy(() => {
    const values = gradients.map(merged);
    const norm = normOf(values);
    const scale = tf.minimum(tf.div(maxNorm, tf.add(norm, normEpsilon)), 1);
    return { scaled: values.map((value) => tf.mul(value, scale)), norm };
  });
  const clipped = gradients.map(({ name, plan }, at) => {
    const rows = scaled[at] as tf.Tensor;
    return [name, plan === undefined ? rows : { indices: plan.indices, rows }];
  });
  return { grads: Object.fromEntries(clipped) as ClippedGradients<G>, norm };
}

interface Gradient {
  readonly name: string;
  readonly tensor: tf.Tensor;
  /** How equal rows are summed, where the tensor holds rows of a table. */
  readonly plan?: MergePlan;
}

/** The types of TensorFlow.js hide the null of a variable that is frozen. */
function present(grads: NamedGradients): Gradient[] {
  checkObject('grads', grads, 'of gradients by names');
  return Object.entries(grads)
    .filter(([, grad]) => grad != null)
    .map(([name, grad]) => {
      if (grad instanceof tf.Tensor) {
        checkTensorOf(`the gradient of "${name}"`, grad, ['float32']);
        return { name, tensor: grad };
      }
      checkRowGradient(`of "${name}"`, grad);
      if (!(grad.indices instanceof Int32Array)) {
        throw new DTypeError(
          `the row indices of "${name}" are a tensor; they must be an Int32Array, as mergeRows gives them`,
        );
      }
      return { name, tensor: grad.rows, plan: planMerge(grad.indices) };
    });
}

/** Called in a `tf.tidy`. @returns each number of the gradient once. */
function merged({ tensor, plan }: Gradient): tf.Tensor {
  return plan === undefined ? tensor : mergeByPlan(plan, tensor);
}

function normOf(gradients: readonly tf.Tensor[]): tf.Scalar {
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
  // Not tf.addN: WebGPU computes garbage for more inputs than it can bind. tf.stack goes in steps there.
  return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.sum(tf.stack(squares)));
}
