import {
  checkFlag,
  checkOneOf,
  checkOptions,
  checkSizes,
  checkTensor,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import {
  checkDropout,
  checkedParam,
  checkParams,
  type Dropout,
  dropout,
  dropoutAt,
  type GeluForm,
  gelu,
  initLinear,
  linear,
  type Norm,
  normLinear,
  normOf,
  type Params,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Forms of GELU: those of `@neverend/nn`, and `quick`, x sigmoid(1.702 x) (arXiv 1606.08415, section 2), that of OpenAI's CLIP. */
export type MlpGelu = GeluForm | 'quick';

/** @throws RangeError for another form; there may be none. */
export function checkMlpGelu(gelu: MlpGelu = 'tanh', name = 'gelu'): void {
  checkOneOf(name, gelu, ['tanh', 'erf', 'quick']);
}

/** Options of the MLP of a transformer block. */
export interface MlpOptions {
  /** Form of GELU; `tanh`, that of flax' ViT and TRecViT, where it is left out. PyTorch's ViTs have `erf`. */
  readonly gelu?: MlpGelu | undefined;
  /**
   * In the place of GELU, SwiGLU (arXiv 2002.05202, section 2): silu(a) b for the first and the second half of the first layer's 2 F
   * numbers. False where it is left out.
   */
  readonly swiglu?: boolean | undefined;
  /** Dropout after GELU and after the second linear layer, each with a key of its own made of this one. */
  readonly dropout?: Dropout | undefined;
  /** How `x` is normalised first. Not at all where it is left out. */
  readonly norm?: Norm | undefined;
  /** What is added in the end, of the shape of the result. Nothing where it is left out. */
  readonly residual?: tf.Tensor | undefined;
}

/**
 * The MLP of a transformer block (arXiv 2010.11929, section 3.1): linear to F, GELU, linear back to D.
 *
 * @param x `[..., D]`, float32.
 * @param params `Dense_0/kernel` `[D, F]`, `Dense_0/bias` `[F]`, `Dense_1/kernel` `[F, D]`, `Dense_1/bias` `[D]`; with `swiglu`
 * the first two have 2 F for F.
 * @returns `[..., D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a dropout rate outside of [0, 1).
 * @throws TypeError for an unknown option.
 */
export function mlp(x: tf.Tensor, params: Params, options: MlpOptions = {}): tf.Tensor {
  checkOptions('mlp', options, ['gelu', 'swiglu', 'dropout', 'norm', 'residual']);
  const { gelu: form = 'tanh', swiglu = false, dropout: dropped, norm, residual } = options;
  checkTensor('x', x, ['...', 'D']);
  checkParams(params);
  checkMlpGelu(form);
  checkFlag('swiglu', swiglu);
  if (dropped !== undefined) checkDropout('dropout', dropped);
  if (residual !== undefined) checkTensor('residual', residual, x.shape);
  const width = x.shape.at(-1) ?? 1;
  const kernel0 = checkedParam(params, 'Dense_0/kernel', [width, 'F']);
  const hidden = kernel0.shape[1] ?? 1;
  const bias0 = checkedParam(params, 'Dense_0/bias', [hidden]);
  const kept = swiglu ? hidden / 2 : hidden;
  const kernel1 = checkedParam(params, 'Dense_1/kernel', [kept, width]);
  const bias1 = checkedParam(params, 'Dense_1/bias', [width]);
  return tf.tidy(() => {
    const inner = () => {
      if (form !== 'tanh' || swiglu) {
        const normed = norm === undefined ? x : normOf(x, norm);
        if (swiglu) {
          const [a, b] = tf.split(linear(normed, kernel0, bias0), 2, -1) as [tf.Tensor, tf.Tensor];
          return tf.mul(tf.mul(a, tf.sigmoid(a)), b);
        }
        if (form !== 'quick') return gelu(linear(normed, kernel0), { form, bias: bias0 });
        const y = linear(normed, kernel0, bias0);
        return tf.mul(y, tf.sigmoid(tf.mul(y, 1.702)));
      }
      if (norm === undefined) return linear(x, kernel0, bias0, { activation: 'gelu' });
      const layer = { kernel: kernel0, bias: bias0, activation: 'gelu' } as const;
      return normLinear(x, norm, [layer])[0] as tf.Tensor;
    };
    if (dropped === undefined) return linear(inner(), kernel1, bias1, { residual });
    const outer = linear(dropout(inner(), dropoutAt(dropped, 'Dense_0')), kernel1, bias1);
    const y = dropout(outer, dropoutAt(dropped, 'Dense_1'));
    return residual === undefined ? y : tf.add(y, residual);
  });
}

/**
 * Weights of an MLP: Xavier uniform for both kernels, and biases 0 (flax' ViT draws these with a standard
 * deviation of 1e-6).
 *
 * @returns tensors by the names that `mlp` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless both widths are positive integers. @throws TypeError for an unknown option.
 */
export function initMlp(
  key: RandomKey,
  options: { readonly width: number; readonly mlpWidth: number },
): Record<string, tf.Tensor> {
  checkOptions('initMlp', options, ['width', 'mlpWidth']);
  const { width, mlpWidth } = options;
  checkSizes({ width, mlpWidth });
  const keyOf = (name: string) => subkey(key, name);
  return {
    ...withPrefix(initLinear(keyOf('Dense_0'), width, mlpWidth), 'Dense_0/'),
    ...withPrefix(initLinear(keyOf('Dense_1'), mlpWidth, width), 'Dense_1/'),
  };
}
