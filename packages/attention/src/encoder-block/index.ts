import {
  checkFlag,
  checkNumber,
  checkOptions,
  checkSizes,
  checkTensor,
  defineKernel,
  type Kernel,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import { recordsGradients } from '@neverend/backend/kernels';
import { checkDropout, checkedParam, checkParams, type Params, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from '../checks.ts';
import { checkMlpGelu, initMlp } from '../mlp/index.ts';
import { checkMultiHead, multiHeadOptions } from '../multi-head-attention.ts';
import { type InitAttentionOptions, initSpaceAttention } from '../space-attention/index.ts';
import { encoderBlockCases } from './cases.ts';
import { encoderBlockParts } from './composite.ts';
import { encoderBlockTensorflow } from './kernels/tensorflow.ts';
import {
  type BlockParams,
  blockNames,
  type EncoderBlockAttrs,
  type EncoderBlockInputs,
  type EncoderBlockOptions,
  encoderBlockShapes,
} from './types.ts';

export type { EncoderBlockOptions } from './types.ts';

/** The names of the options of a block. */
export const encoderBlockOptions: readonly (keyof EncoderBlockOptions)[] = [
  ...multiHeadOptions,
  'gelu',
  'swiglu',
  'attentionDropout',
  'eps',
  'layerScale',
];

/** @throws naming the option of all blocks that is wrong. */
export function checkEncoderBlock(options: EncoderBlockOptions): void {
  const { dropout, attentionDropout, gelu, swiglu = false, layerScale = false, eps } = options;
  checkMultiHead({ ...options, dropout: attentionDropout }, 'attentionDropout');
  if (dropout !== undefined) checkDropout('dropout', dropout);
  checkMlpGelu(gelu);
  checkFlag('swiglu', swiglu);
  checkFlag('layerScale', layerScale);
  if (eps !== undefined) checkNumber('eps', eps, 0);
}

/**
 * A pre-LN transformer encoder block (arXiv 2010.11929, equations 2 and 3): x + attention(LN(x)), then
 * x + MLP(LN(x)).
 *
 * @param x `[..., N, D]`, float32; what comes first are rows.
 * @param params `LayerNorm_0/scale`, `LayerNorm_0/bias` `[D]` and the same of `LayerNorm_1`; what
 * `spaceAttention` reads below `MultiHeadDotProductAttention_0/`; what `mlp` reads below `MlpBlock_0/`; with `layerScale` also
 * `LayerScale_0/scale` and `LayerScale_1/scale` `[D]`.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a number outside of its range.
 * @throws TypeError for an unknown option.
 */
export function encoderBlock(
  x: tf.Tensor,
  params: Params,
  options: EncoderBlockOptions,
): tf.Tensor {
  checkOptions('encoderBlock', options, encoderBlockOptions);
  const { heads, gelu = 'tanh', eps = 1e-6, causalOffset: _, ...more } = options;
  checkTensor('x', x, ['...', 'rows', 'N', 'D']);
  checkEncoderBlock(options);
  checkParams(params);
  const isPlain = gelu === 'tanh' && Object.values(more).every((value) => !value);
  // The tape keeps what a kernel would have to compute again.
  if (!isPlain || recordsGradients()) return encoderBlockParts(x, params, { ...options, eps });
  const width = x.shape.at(-1) ?? 1;
  const [y] = encoderBlockKernel.run({ x, ...checkedBlock(params, width, heads) }, { heads, eps });
  return y as tf.Tensor;
}

/** What was checked of parameters that cannot change any more. */
const checked = new WeakMap<Params, { readonly label: string; readonly block: BlockParams }>();

/** The parameters of a block. @throws ShapeError | DTypeError naming one. */
function checkedBlock(params: Params, width: number, heads: number): BlockParams {
  const label = `${width} ${heads}`;
  const known = checked.get(params);
  if (known?.label === label) return known.block;
  headWidth(width, heads);
  const block: Record<`${string}/${string}`, tf.Tensor> = {};
  const hidden = params[`${blockNames.mlp[0]}/kernel`]?.shape?.[1] ?? 'F';
  for (const [name, shape] of Object.entries(encoderBlockShapes(width, heads, hidden))) {
    block[name as `${string}/${string}`] = checkedParam(params, name, shape);
  }
  if (Object.isFrozen(params)) checked.set(params, { label, block });
  return block;
}

const encoderBlockKernel: Kernel<EncoderBlockInputs, EncoderBlockAttrs> = defineKernel<
  EncoderBlockInputs,
  EncoderBlockAttrs
>({
  name: 'NeverendEncoderBlock',
  composite: ({ inputs: { x, ...params }, attrs }) => [
    encoderBlockParts(x, params as Params, attrs),
  ],
  backendKernels: { tensorflow: encoderBlockTensorflow },
  code: import.meta.neverendCode,
  cases: encoderBlockCases,
  flops: ({ inputs, attrs: { heads } }) => {
    const { x } = inputs;
    const [tokens = 1, width = 1] = x.shape.slice(-2);
    const hidden = inputs[`${blockNames.mlp[0]}/bias`]?.size ?? 1;
    const [rows, depth] = [x.size / width, width / heads];
    const linear = rows * (4 * width * (2 * width + 1) + width);
    const attention = heads * rows * (tokens * (4 * depth + 5) + depth);
    const mlp = rows * (hidden * (2 * width + 9) + width * (2 * hidden + 1) + width);
    return 16 * x.size + linear + attention + mlp;
  },
});

/** Sizes of the parameters of an encoder block. */
export interface InitEncoderBlockOptions extends Omit<InitAttentionOptions, 'contextWidth'> {
  /** Width F of the MLP's hidden layer. */
  readonly mlpWidth: number;
  /** What LayerScale starts as, a number > 0 such as 1e-5. There is none where it is left out. */
  readonly layerScale?: number | undefined;
}

/** The names of these sizes. */
export const initEncoderBlockOptions = [
  'width',
  'heads',
  'mlpWidth',
  'qkNorm',
  'layerScale',
] as const;

/**
 * Weights of an encoder block as flax' ViT has them (`vit_jax/models_vit.py`): those of
 * `initSpaceAttention` and `initMlp`; norms 1 and 0.
 *
 * @returns tensors by the names that `encoderBlock` reads, a function of `key` alone and the caller's to
 * dispose.
 * @throws ShapeError unless the widths are positive integers and `heads` divides `width`. @throws RangeError for a wrong `layerScale`.
 * @throws TypeError for an unknown option.
 */
export function initEncoderBlock(
  key: RandomKey,
  options: InitEncoderBlockOptions,
): Record<string, tf.Tensor> {
  checkOptions('initEncoderBlock', options, initEncoderBlockOptions);
  const { width, heads, mlpWidth, qkNorm = false, layerScale } = options;
  checkSizes({ width, mlpWidth });
  if (layerScale !== undefined) checkNumber('layerScale', layerScale, Number.MIN_VALUE);
  const keyOf = (name: string) => subkey(key, name);
  const attention = initSpaceAttention(keyOf('attention'), { width, heads, qkNorm });
  return {
    'LayerNorm_0/scale': tf.ones([width]),
    'LayerNorm_0/bias': tf.zeros([width]),
    ...withPrefix(attention, 'MultiHeadDotProductAttention_0/'),
    'LayerNorm_1/scale': tf.ones([width]),
    'LayerNorm_1/bias': tf.zeros([width]),
    ...withPrefix(initMlp(keyOf('mlp'), { width, mlpWidth }), 'MlpBlock_0/'),
    ...(layerScale === undefined
      ? {}
      : {
          'LayerScale_0/scale': tf.fill([width], layerScale),
          'LayerScale_1/scale': tf.fill([width], layerScale),
        }),
  };
}
