import {
  checkFlag,
  checkNumber,
  checkOptions,
  checkTensor,
  checkTensorOf,
  defineKernel,
  described,
  type Kernel,
  ShapeError,
} from '@neverend/backend';
import { checkDropout, type Dropout } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { attentionCases } from './cases.ts';
import { attentionComposite, constant, maskGradComposite } from './composite.ts';
import { attentionGrad } from './gradient.ts';
import { attentionTensorflow } from './kernels/tensorflow.ts';
import { attentionWasm } from './kernels/wasm.ts';
import { attentionWebgpu } from './kernels/webgpu.ts';
import { type AttentionAttrs, type AttentionInputs, attentionSizes } from './types.ts';

/** What decides which keys a query sees. */
export interface AttentionOptions {
  /**
   * Broadcasts to `[rows, H, M, N]`, with all rows on one axis; fewer axes are the last ones, so that two are `[M, N]`. bool: true where
   * the query may see the key. float32: added to the scores, as a learned bias is. Of these numbers -Infinity alone hides, and a finite one
   * never does, as in PyTorch: a row of the lowest float32 gives the mean. A sum of two of those is -Infinity.
   *
   * A query that sees no key gets zeros. What a hidden key and its value hold, be it NaN, reaches no output and no gradient.
   */
  readonly mask?: tf.Tensor | undefined;
  /**
   * Which keys all queries of a row see, `[rows, N]`, or `[..., N]` with the axes of `k` before N: padding. bool, or float32 that is added, as
   * `mask` has it; both may be given.
   */
  readonly keyMask?: tf.Tensor | undefined;
  /** Hides from query i the keys after i + `causalOffset`. */
  readonly causal?: boolean | undefined;
  /** Where query 0 stands among the keys, an integer; 0 where it is left out. Beside `causal` alone. */
  readonly causalOffset?: number | undefined;
  /** Dropout of the weights, after the softmax. */
  readonly dropout?: Dropout | undefined;
}

/** The names of these options. */
export const attentionOptions = ['mask', 'keyMask', 'causal', 'causalOffset', 'dropout'] as const;

/** @throws naming the option that is wrong, but for the shapes of masks. @param dropoutName what messages call dropout. */
export function checkAttention(options: AttentionOptions, dropoutName = 'dropout'): void {
  const { mask, keyMask, causal = false, causalOffset, dropout } = options;
  if (mask !== undefined) checkTensorOf('mask', mask, maskTypes);
  if (keyMask !== undefined) checkTensorOf('keyMask', keyMask, maskTypes);
  checkFlag('causal', causal);
  if (causalOffset !== undefined && !Number.isInteger(causalOffset)) {
    throw new RangeError(`causalOffset was ${described(causalOffset)}; it must be an integer`);
  }
  if (causalOffset !== undefined && !causal) {
    throw new RangeError(
      `causalOffset was ${causalOffset} without causal; it must be left out, or causal be true`,
    );
  }
  if (dropout !== undefined) checkDropout(dropoutName, dropout);
}

const maskTypes = ['bool', 'float32'] as const;

/**
 * Scaled dot-product attention (arXiv 1706.03762, section 3.2.1): softmax(scale · q k' + mask) v for each row and head.
 * The gradient keeps the inputs alone, and computes the weights again. It reaches q, k, v, and float32 masks.
 *
 * @param q `[..., M, H, d]`, float32: heads beside each other, as a projection leaves them; what comes first are rows.
 * @param k `[..., N, H, d]`. @param v `[..., N, H, e]`.
 * @param options `scale` of the scores, 1 / sqrt(d) where it is left out.
 * @returns `[..., M, H, e]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a dropout rate outside of [0, 1), an
 * offset that is no integer or has no `causal` beside it, or a scale that is not finite. @throws TypeError for an unknown option.
 */
export function scaledDotProductAttention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  options: AttentionOptions & { readonly scale?: number | undefined } = {},
): tf.Tensor {
  checkOptions('scaledDotProductAttention', options, [...attentionOptions, 'scale']);
  checkTensor('q', q, ['...', 'rows', 'M', 'H', 'd']);
  const [rows, [heads = 1, depth = 1]] = [q.shape.slice(0, -3), q.shape.slice(-2)];
  checkTensor('k', k, [...rows, 'N', heads, depth]);
  checkTensor('v', v, [...rows, k.shape.at(-3) ?? 1, heads, 'e']);
  checkAttention(options);
  const { mask, keyMask, causal = false, causalOffset = 0, dropout } = options;
  const scale = options.scale ?? 1 / Math.sqrt(depth);
  checkNumber('scale', scale);
  const attrs: AttentionAttrs = {
    scale,
    masked: mask !== undefined || keyMask !== undefined,
    causal,
    causalOffset,
    dropoutRate: dropout?.rate ?? 0,
    keyLow: dropout?.key.low ?? 0,
    keyHigh: dropout?.key.high ?? 0,
  };
  return tf.tidy(() => {
    const masks = [
      ...(mask === undefined ? [] : [scoresMask(mask, q, k)]),
      ...(keyMask === undefined ? [] : [keysMask(keyMask, k)]),
    ];
    const [first = tf.zeros([1, 1, 1, 1]), second] = masks;
    const added = second === undefined ? first : tf.add(first, second);
    return attentionKernel.run({ q, k, v, mask: added }, attrs)[0] as tf.Tensor;
  });
}

/** What a mask adds to the scores, with four axes. */
function scoresMask(mask: tf.Tensor, q: tf.Tensor, k: tf.Tensor): tf.Tensor {
  const { rows, heads, queries, keys } = attentionSizes({ q, v: k });
  const full = [rows, heads, queries, keys];
  const added = addedBy('mask', mask);
  const shape = [1, 1, 1, 1, ...mask.shape].slice(-4);
  if (mask.rank > 4 || shape.some((size, axis) => size !== 1 && size !== full[axis])) {
    const ofKeys = mask.rank === 2 && mask.shape[0] === rows && mask.shape[1] === keys;
    throw new ShapeError(
      `mask was [${mask.shape.join(', ')}]; it must broadcast to [${full.join(', ')}]${ofKeys ? ', and a mask of the keys of each row is keyMask' : ''}`,
    );
  }
  return tf.reshape(added, shape);
}

/** What a mask of the keys of each row adds to the scores, with four axes. */
function keysMask(mask: tf.Tensor, k: tf.Tensor): tf.Tensor {
  const added = addedBy('keyMask', mask);
  const wanted = k.shape.slice(0, -2);
  if (!tf.util.arraysEqual(mask.shape, wanted)) {
    throw new ShapeError(
      `keyMask was [${mask.shape.join(', ')}]; it must be [${wanted.join(', ')}], a number for each key of each row`,
    );
  }
  return tf.reshape(added, [-1, 1, 1, wanted.at(-1) ?? 1]);
}

/** What a mask adds to the scores: 0 where a bool mask is true, -Infinity where it is false; a float32 mask as it is. @throws DTypeError for another. */
export function addedBy(name: string, mask: tf.Tensor): tf.Tensor {
  checkTensorOf(name, mask, maskTypes);
  if (mask.dtype === 'float32') return mask;
  // TensorFlow.js takes a tensor of bytes other than 0 and 1 for booleans, and casts keep them.
  return tf.where(tf.greater(tf.cast(mask, 'float32'), 0), 0, constant(Number.NEGATIVE_INFINITY));
}

const attentionKernel: Kernel<AttentionInputs, AttentionAttrs> = defineKernel<
  AttentionInputs,
  AttentionAttrs
>({
  name: 'NeverendAttention',
  composite: ({ inputs, attrs }) => [attentionComposite(inputs, attrs)],
  gradient: {
    saveInputs: ['q', 'k', 'v', 'mask'],
    backward: ([dy], saved, attrs) => {
      const [q, k, v, mask] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const inputs = { q, k, v, mask, dy: dy as tf.Tensor };
      const [dq, dk, dv] = attentionGrad.run(inputs, attrs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return {
        q: () => dq,
        k: () => dk,
        v: () => dv,
        // Learned biases are rare, and no backend has a kernel for them.
        mask: () => tf.tidy(() => maskGradComposite(inputs, attrs)),
      };
    },
  },
  backendKernels: { wasm: attentionWasm, tensorflow: attentionTensorflow, webgpu: attentionWebgpu },
  code: import.meta.neverendCode,
  cases: attentionCases,
  flops: ({ inputs }) => {
    const { rows, queries, keys, heads, depth, valueDepth } = attentionSizes(inputs);
    return rows * heads * queries * (keys * (2 * (depth + valueDepth) + 5) + depth);
  },
});
